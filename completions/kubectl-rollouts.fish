# fish completion for kubectl-rollouts

function __kubectl_rollouts
    set -l words (commandline -opc | string unescape)
    set -l last (commandline -ct | string unescape)
    set -q last[1]; or set last ''
    set -l program $words[1]
    type -q $program; or set program kubectl-rollouts
    set -l lines (command $program __complete $words[2..-1] $last 2>/dev/null)
    set -q lines[1]; or return 1
    set -l directive (string sub -s 2 -- $lines[-1])
    set -e lines[-1]
    test (math "bitand($directive, 1)") -eq 0; or return 1
    if set -q lines[1]
        # The value of --flag=VALUE stands in the same word as the flag.
        set -l flag (string match -r -- '^-[^=]*=' $last)
        printf '%s\n' "$flag"$lines
    else if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path $last
    end
end

complete -c kubectl-rollouts -e
complete -c kubectl-rollouts -f -k -a '(__kubectl_rollouts)'
