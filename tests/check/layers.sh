#!/bin/sh
# Includes go downwards only: base < value < fn < kql < plan < exec < sources, sinks < api. os is for the outer halves.
set -u
find src -name '*.[ch]' -o -name '*.cc' | sort | xargs awk '
    BEGIN {
        n = split("base value fn kql plan exec sources sinks api", names, " ")
        for (i = 1; i <= n; i++)
            rank[names[i]] = i
        rank["sinks"] = rank["sources"]
    }
    # Files that may do input and output, wait, or know threads.
    function outer(file) {
        return file ~ /_read\.[ch]$/ || file ~ /^src\/(os|sinks|api)\// || file ~ /^src\/exec\/(run[_.]|handles\.h)/ || file ~ /^src\/value\/[a-z_]*spill/
    }
    function bad(why) {
        printf "not ok %s:%d includes %s: %s\n", FILENAME, FNR, inc, why
        failed = 1
    }
    FNR == 1 { split(FILENAME, parts, "/"); layer = parts[2]; files++ }
    /^[ \t]*#[ \t]*include/ {
        inc = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", inc)
        system_header = inc ~ /^</
        gsub(/[<>"]/, "", inc)
        sub(/[ \t].*/, "", inc)
        if (system_header) {
            if (!outer(FILENAME) && inc ~ /^(unistd|fcntl|poll|pthread|threads|dirent|glob|signal|sys\/(socket|stat|mman|epoll|eventfd|inotify|ioctl))\.h$/)
                bad("system calls belong to src/os")
            next
        }
        if (inc !~ /\// || inc ~ /^rtq\//)
            next
        split(inc, target, "/")
        to = target[1]
        if (to == "os") {
            if (!outer(FILENAME))
                bad("only *_read.c, sinks, api, exec/run_*, the handles and the spill file may use os")
        } else if (layer == "os") {
            if (to != "base")
                bad("os stands on base alone")
        } else if (!(to in rank)) {
            bad("no such layer")
        } else if (rank[to] > rank[layer]) {
            bad("upwards")
        } else if (rank[to] == rank[layer] && to != layer) {
            bad("sideways")
        }
    }
    END { if (!failed) print "ok includes of " files " files go downwards"; exit failed }'
