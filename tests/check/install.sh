#!/bin/sh
# Install into an empty root, build a client with pkg-config against the shared and the static library, uninstall without a trace.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
check()
{
    what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok $what"
    else
        tail -n 10 "$work/log"
        echo "not ok $what"
        failed=1
    fi
}
run() { make --no-print-directory DESTDIR="$work/dest" PREFIX=/usr BUILD="${BUILD:-build}" "$@"; }
check "make install" run install
export PKG_CONFIG_PATH="$work/dest/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/dest"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
cat >"$work/client.c" <<'END'
#include <rtq/rtq.h>
int main(void)
{
    return rtq_version() >= RTQ_VERSION && rtq_diag_count(NULL) == 0 ? 0 : 1;
}
END
lib=$work/dest/usr/lib
check "client of the shared library compiles" sh -c "${CC:-cc} -o $work/shared $work/client.c \$(pkg-config --cflags --libs kqlstream)"
check "client of the shared library runs" env LD_LIBRARY_PATH="$lib" "$work/shared"
# The sysroot is put in front of the other packages' paths too; only ours is there.
check "client of the static library compiles" sh -c "unset PKG_CONFIG_SYSROOT_DIR; ${CC:-cc} -o $work/static $work/client.c \
    -I$work/dest/usr/include $lib/libkqlstream.a \$(pkg-config --static --libs kqlstream | sed 's|-L/usr/lib *||; s|-lkqlstream||')"
check "client of the static library runs" "$work/static"
test -e examples/kqlstream.c && check "the program is installed" test -x "$work/dest/usr/bin/kqlstream"
check "make uninstall" run uninstall
check "nothing is left" sh -c "test -z \"\$(find $work/dest ! -type d)\""
exit $failed
