#!/bin/sh
# Batches to PyArrow and back, where that is installed.
set -u
case $BUILD in
*san) echo "skip pyarrow: Python cannot load a library built with sanitizers" && exit 0 ;;
esac
python3 -c 'import pyarrow' 2>/dev/null || { echo "skip pyarrow: the Python module pyarrow is not installed"; exit 0; }
exec python3 tests/suite/arrow.py "$BUILD/libkqlstream.so"
