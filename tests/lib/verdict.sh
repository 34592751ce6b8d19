# verdict.sh - for scripts that keep outputs in $dir/out and $dir/err; sets $failed.
# verdict NAME CONDITION...: what `test` says, told in a line
verdict()
{
    name=$1
    shift
    if test "$@"; then
        echo "ok $name"
    else
        echo "not ok $name"
        echo "    wanted: $*"
        sed 's/^/    out: /' "$dir/out" | head -n 20
        sed 's/^/    err: /' "$dir/err" | head -n 20
        failed=1
    fi
}
