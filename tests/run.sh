#!/bin/sh
# Runs every group of tests and closes with "N passed, N failed, N skipped". Called by `make check`; usage: tests/run.sh BUILD
#
# A group is one program, found by its place:
#   BUILD/tests/unit            Criterion
#   BUILD/tests/plain/NAME, api/NAME, threads/NAME      test programs
#   BUILD/tests/fuzz/NAME       replays tests/fuzz/corpus/NAME
#   tests/suite/NAME.sh         scripts that test the built programs; run for each variant, $BUILD says which
#   tests/check/NAME.sh         scripts that look at the sources and the library, run once
# It prints a line per test: "ok NAME", "not ok NAME", "skip NAME reason"; other output is shown only when it fails.
# No such line at all: the exit status is the one result (77: skipped, the last line of output says why).
# Everything but tests/check runs plain and under ASan+UBSan; tests/threads under TSan too.
#   QUICK=1     the plain variant only, no lints        ONLY=PATTERN   groups whose name contains it
#   TEST_TIMEOUT=seconds a group
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
log=$build/tests/log
rm -rf "$log"
mkdir -p "$log"
export CC="${CC:-gcc}" CXX="${CXX:-g++}"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=0:allocator_may_return_null=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1}"
export TEST_TIMEOUT="${TEST_TIMEOUT:-600}"
jobs=$log/jobs
: >"$jobs"

# job NAME BUILD COMMAND...
job()
{
    case $1 in *"${ONLY:-}"*) printf '%s\n' "$*" >>"$jobs" ;; esac
}

# variant PREFIX BUILD
variant()
{
    v=$1
    b=$2
    for program in "$b"/tests/plain/* "$b"/tests/api/* "$b"/tests/threads/*; do
        test -f "$program" && test -x "$program" || continue
        name=${program#"$b"/tests/}
        test -e "tests/$name.c" && job "$v$name" "$b" "$program"
    done
    test "$v" = tsan/ && return
    test -x "$b/tests/unit" && job "${v}unit" "$b" "$b/tests/unit" --tap="$log/$(echo "${v}unit" | tr / _).tap"
    for program in "$b"/tests/fuzz/*; do
        name=${program##*/}
        test -x "$program" && test -e "tests/fuzz/fuzz_$name.c" && job "${v}fuzz/$name" "$b" "$program" "tests/fuzz/corpus/$name"
    done
    for script in tests/suite/*.sh; do
        test -e "$script" || continue
        name=${script##*/}
        job "${v}suite/${name%.sh}" "$b" sh "$script"
    done
}

variant "" "$build"
if [ -z "${QUICK:-}" ]; then
    test -d build/asan/tests && variant asan/ build/asan
    test -d build/tsan/tests && variant tsan/ build/tsan
    for script in tests/check/*.sh; do
        test -e "$script" || continue
        name=${script##*/}
        job "check/${name%.sh}" "$build" sh "$script"
    done
fi

# One job: output and exit status into files, so that they can run side by side and be told in order.
cat >"$log/one" <<'END'
log=$1
set -- $2
name=$1
file=$log/$(echo "$name" | tr / _)
export BUILD="$2"
shift 2
timeout -k 10 "$TEST_TIMEOUT" "$@" >"$file.out" 2>&1
rc=$?
echo $rc >"$file.rc"
test $rc = 0 || echo "  FAIL $name" >&2
END
xargs -d '\n' -n 1 -P "$(nproc 2>/dev/null || echo 2)" sh "$log/one" "$log" <"$jobs" 2>/dev/null

while read -r name _; do
    file=$log/$(echo "$name" | tr / _)
    rc=$(cat "$file.rc" 2>/dev/null || echo missing)
    cat "$file.out" "$file.tap" 2>/dev/null | awk -v group="$name" -v rc="$rc" '
        function result(kind, text) { n++; if (kind == "fail") failed++; print kind "\t" group "\t" text }
        { last = $0 }
        /^ok - .* # SKIP/ || /^ok [^#]* # SKIP/ { text = $0; sub(/^ok (- )?/, "", text); result("skip", text); next }
        /^not ok / { sub(/^not ok (- )?/, ""); result("fail", $0); next }
        /^ok / { sub(/^ok (- )?/, ""); result("pass", $0); next }
        /^skip / { sub(/^skip /, ""); result("skip", $0); next }
        END {
            if (rc == 124 || rc == 137) result("fail", "timed out or killed")
            else if (rc == 77 && !n) result("skip", last)
            else if (rc != 0 && !failed) result("fail", "exit status " rc)
            else if (!n) result("pass", "exit status 0")
        }' >"$file.result"
    cat "$file.result" >>"$log/results"
    if grep -q '^fail' "$file.result"; then
        echo "==== $name"
        grep -v -e '^ok ' -e '^skip ' "$file.out" | tail -n 60
        sed -n "s/^fail	[^	]*	/not ok $(echo "$name" | sed 's|/|\\/|g'): /p" "$file.result" | head -n 40
    fi
done <"$jobs"

awk -F '\t' '
    $1 == "skip" { print "skipped " $2 ": " $3; skipped++ }
    $1 == "pass" { passed++ }
    $1 == "fail" { failed++ }
    END {
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0 || passed == 0
    }' "$log/results"
