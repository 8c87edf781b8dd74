# SPDX-License-Identifier: Apache-2.0
# For Scripts/test, which sources it: runs groups of tests beside each other, and ends what takes too long.
# shellcheck shell=bash

test_limit=${TEST_LIMIT:-780}
group_limit=${GROUP_LIMIT:-2700}
run_limit=${RUN_LIMIT:-5100}

logs=$(mktemp -d)
ended=$(mktemp -d) # a file for each group that has ended, with its exit status
status=0
declare -A running=()    # the process of a group, which leads a session of its own → its name
declare -A started_at=() # its name → when it was started
declare -A progress=()   # its name → how many tests and suites had started or ended at the last look, and since when
alarm=""

in_session() { # SESSION: prints its processes
    local stat text fields
    for stat in /proc/[0-9]*/stat; do
        { read -r text <"$stat"; } 2>/dev/null || continue
        # The name in parentheses may contain anything; after it: state, parent, group, session.
        read -r -a fields <<<"${text##*) }"
        [ "${fields[3]}" != "$1" ] || { stat=${stat#/proc/}; printf '%s\n' "${stat%/stat}"; }
    done
}

list() { # PROCESS...: what each process is, with its parent, its state and what it waits for in the kernel
    local process
    for process in "$@"; do
        [ -r "/proc/$process/status" ] || continue
        printf '%s\t%s\t%s\n' "$process" \
            "$(sed -nE 's/^(PPid|State):\t//p' "/proc/$process/status" | tr '\n' ' ')$(cat "/proc/$process/wchan" || true)" \
            "$(tr '\0' ' ' <"/proc/$process/cmdline" | cut -c -160)"
    done 2>/dev/null
}

# Ends the processes of a session. The servers of tests have sessions of their own, and end with their test process.
end_session() { # SESSION
    local members
    mapfile -t members < <(in_session "$1")
    [ ${#members[@]} -gt 0 ] || return 0
    kill -TERM "${members[@]}" 2>/dev/null || true
    for _ in $(seq 30); do
        mapfile -t members < <(in_session "$1")
        [ ${#members[@]} -gt 0 ] || return 0
        sleep 0.2
    done
    kill -KILL "${members[@]}" 2>/dev/null || true
}

descendants() { # PROCESS EXCEPT: prints the descendants of a process, without those of its child EXCEPT
    local child
    for child in $(cat "/proc/$1"/task/*/children 2>/dev/null); do
        [ "$child" != "$2" ] || continue
        printf '%s\n' "$child"
        descendants "$child" "$2"
    done
}

leave() {
    local group
    [ -z "$alarm" ] || kill "$alarm" 2>/dev/null || true
    for group in "${!running[@]}"; do end_session "$group"; done
    rm -rf "$logs" "$ended"
}
trap leave EXIT

tails() { # prints the last lines of each log
    local log
    for log in "$logs"/*; do
        [ -f "$log" ] || continue
        printf '\n== the last lines of: %s\n' "${log##*/}"
        tail -n 15 "$log" | cut -c -500
    done
}

limit_run() { # after RUN_LIMIT, ends everything that this script has started
    (
        self=$BASHPID
        # The script's output must not stay open when the script has ended.
        while [ "$SECONDS" -lt "$run_limit" ]; do
            sleep 2 </dev/null >/dev/null 2>&1
            kill -0 $$ 2>/dev/null || exit 0
        done
        printf '\n== ended: the whole run, since it has run for more than %s s. What it ran:\n' "$run_limit"
        mapfile -t all < <(descendants $$ "$self")
        list "${all[@]}"
        tails
        # What the script waits for is killed, so that the script fails, and cleans up as after any failure.
        trap '' TERM
        signal=TERM
        while kill -0 $$ 2>/dev/null; do
            mapfile -t all < <(descendants $$ "$self")
            kill "-$signal" "${all[@]}" 2>/dev/null || true
            sleep 20 </dev/null >/dev/null 2>&1
            signal=KILL
        done
    ) >&2 &
    alarm=$!
}

run_group() { # NAME COMMAND...: starts a command whose output is printed when it has ended
    # The exit status is in a file: a shell does not keep those of all its children.
    setsid bash -c '"${@:2}" && status=0 || status=$?; printf "%s\n" "$status" >"$1"' run "$ended/$1" "${@:2}" \
        </dev/null >"$logs/$1" 2>&1 &
    running[$!]=$1
    started_at[$1]=$SECONDS
}

check_limits() { # ends the groups that have run for too long, or one of whose tests has
    local group name events reason last
    for group in "${!running[@]}"; do
        name=${running[$group]}
        reason=""
        events=$(grep -acE '^[^ ]+ (Test|Suite) ' "$logs/$name" || true)
        last=${progress[$name]:-}
        if [ "${last% *}" != "$events" ]; then
            progress[$name]="$events $SECONDS"
        elif [ "$events" -gt 0 ] && [ $((SECONDS - ${last#* })) -ge "$test_limit" ] &&
            ! grep -aq '^[^ ]* Test run with ' "$logs/$name"; then
            reason="no test has ended for $test_limit s"
        fi
        if [ $((SECONDS - started_at[$name])) -ge "$group_limit" ]; then
            reason="it has run for more than $group_limit s"
        fi
        [ -n "$reason" ] || continue
        # In a group one test runs after the other, so that it is the last one that has started.
        {
            printf '\n== ended: %s, since %s. The last test that has started or ended, and what it ran:\n' "$name" "$reason"
            grep -aE '^[^ ]+ (Test|Suite) ' "$logs/$name" | tail -n 1 || true
            mapfile -t last < <(in_session "$group")
            list "${last[@]}"
        } >"$ended/.reason"
        cat "$ended/.reason" >&2
        tail -n 15 "$logs/$name" | cut -c -500 >&2
        end_session "$group"
        cat "$ended/.reason" >>"$logs/$name"
        rm "$ended/.reason"
    done
}

finish() { # COUNT: waits until at most so many groups run, and prints the output of those that have ended
    local group name result
    while [ ${#running[@]} -gt "$1" ]; do
        for group in "${!running[@]}"; do
            if kill -0 "$group" 2>/dev/null; then continue; fi
            name=${running[$group]}
            unset "running[$group]"
            # Without a status it was killed.
            result=$(cat "$ended/$name" 2>/dev/null || echo 137)
            [ "$result" = 0 ] || status=$result
            printf '\n== tests: %s, %s s, exit status %s\n' "$name" $((SECONDS - started_at[$name])) "$result" >&2
            cat "$logs/$name"
        done
        [ ${#running[@]} -gt "$1" ] || break
        sleep 1 </dev/null >/dev/null 2>&1
        if [ $((SECONDS % 5)) = 0 ]; then check_limits; fi
    done
}
