"""The completion scripts of the shells, all of them thin: they ask the program (`__complete`) and show what it says.

`python -m kubectl_rollouts.cli.completion_scripts FOLDER` writes those of both program names (make completions).
No script evaluates anything that was typed.
"""

from __future__ import annotations

import sys

PROGRAMS = ("kubectl-rollouts", "kubectl-argo-rollouts")
SHELLS = ("bash", "zsh", "fish", "powershell")

_BASH = r"""# bash completion for @PROGRAM@                                -*- shell-script -*-

@FUNCTION@() {
    local IFS=$' \t\n' i j gap word line value about reply letter plain before="" quote=""
    local rest="${COMP_LINE:0:COMP_POINT}" width=0 directive
    local -a words=() plains=() values=() abouts=()

    # bash splits words at = and : as well; here they are put together again, up to the cursor.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        gap="${rest%%[![:space:]]*}"
        rest="${rest#"$gap"}"
        word="${COMP_WORDS[i]}"
        ((i == COMP_CWORD)) && word="$rest"
        rest="${rest#"$word"}"
        if ((i > 0)) && [[ -z $gap ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
    done

    # The program is given the words as it will be: without their quotes and backslashes.
    for word in "${words[@]}"; do
        plain="$word" quote=""
        if [[ $word == *[\\\"\']* ]]; then
            plain=""
            for ((j = 0; j < ${#word}; j++)); do
                letter="${word:j:1}"
                if [[ -n $quote && $letter == "$quote" ]]; then
                    quote=""
                elif [[ -z $quote && $letter == [\"\'] ]]; then
                    quote="$letter" before="$plain"
                elif [[ $letter == \\ && $quote != \' ]]; then
                    ((j++))
                    plain+="${word:j:1}"
                else
                    plain+="$letter"
                fi
            done
        fi
        plains+=("$plain")
    done

    local program="${plains[0]}" current="${plains[${#plains[@]}-1]}"
    type -P "$program" >/dev/null || program=@PROGRAM@
    COMPREPLY=()
    while IFS= read -r line; do
        value="${line%%$'\t'*}"
        about=""
        [[ $line == *$'\t'* ]] && about="${line#*$'\t'}"
        values+=("$value")
        abouts+=("$about")
    done < <("$program" __complete "${plains[@]:1}" 2>/dev/null)
    ((${#values[@]})) || return
    i=$((${#values[@]} - 1))
    directive="${values[i]#:}"
    unset "values[i]" "abouts[i]"
    ((directive & 1)) && return
    if [[ $(type -t compopt) == builtin ]]; then
        ((directive & 2)) && compopt -o nospace
        ((directive & 4)) && compopt +o default
        ((directive & 32)) && compopt -o nosort 2>/dev/null
    fi

    # What is offered takes the place of what follows the opening quote; without one, of the text after the last = or :
    # only, and from the last @ on, if bash splits there.
    local flag="" kept="" mark
    [[ -n $quote ]] && kept="$before"
    [[ $current == -*=* ]] && flag="${current%%=*}="
    for mark in = : @; do
        if [[ -z $quote && $COMP_WORDBREAKS == *"$mark"* && $current == *"$mark"* ]]; then
            word="${current%"$mark"*}"
            [[ $mark == @ ]] || word+="$mark"
            ((${#word} > ${#kept})) && kept="$word"
        fi
    done

    for ((i = 0; i < ${#values[@]}; i++)); do
        value="$flag${values[i]}"
        value="${value#"$kept"}"
        if [[ -z $quote && $value == *[[:space:]\;\&\|\<\>\(\)\$\`\\\"\'*?#~!]* ]]; then
            printf -v value '%q' "$value"
        fi
        values[i]="$value"
        ((${#value} > width)) && width=${#value}
    done
    for ((i = 0; i < ${#values[@]}; i++)); do
        value="${values[i]}"
        if [[ -n ${abouts[i]} && ${#values[@]} != 1 && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
            printf -v reply '%-*s  (%s)' "$width" "$value" "${abouts[i]}"
            value="${reply:0:${COLUMNS:-80}-4}"
        fi
        COMPREPLY+=("$value")
    done
}

complete -o default -F @FUNCTION@ @PROGRAM@
"""

_ZSH = r"""#compdef @PROGRAM@
# zsh completion for @PROGRAM@

_@PROGRAM@() {
    local line value directive
    local -a lines described order suffix
    lines=("${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    directive="${lines[-1]#:}"
    [[ "$directive" == <-> ]] || return 1
    (( directive & 1 )) && return 1
    for line in "${(@)lines[1,-2]}"; do
        value="${${line%%$'\t'*}//:/\\:}"
        if [[ "$line" == *$'\t'* ]]; then
            described+=("$value:${line#*$'\t'}")
        else
            described+=("$value")
        fi
    done
    [[ "$PREFIX" == -*=* ]] && compset -P '*='
    (( directive & 2 )) && suffix=(-S '')
    (( directive & 32 )) && order=(-V)
    if (( ${#described} )); then
        _describe "${(@)order}" 'candidate' described "${(@)suffix}"
    elif (( ! (directive & 4) )); then
        _files
    else
        return 1
    fi
}

# Autoloaded from $fpath the file is the function; sourced, it makes itself known.
if [[ "${funcstack[1]}" == "_@PROGRAM@" ]]; then
    _@PROGRAM@ "$@"
elif (( $+functions[compdef] )); then
    compdef _@PROGRAM@ @PROGRAM@
fi
"""

_FISH = r"""# fish completion for @PROGRAM@

function _@FUNCTION@
    set -l words (commandline -opc | string unescape)
    set -l last (commandline -ct | string unescape)
    set -q last[1]; or set last ''
    set -l program $words[1]
    type -q $program; or set program @PROGRAM@
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

complete -c @PROGRAM@ -e
complete -c @PROGRAM@ -f -k -a '(_@FUNCTION@)'
"""

_POWERSHELL = r"""# powershell completion for @PROGRAM@

Register-ArgumentCompleter -Native -CommandName '@PROGRAM@' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $ErrorActionPreference = 'Continue'  # a program that writes to stderr is no error, though 5.1 makes one of it
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_".Trim('"', "'") })
    $program = if ($words.Count) { $words[0] } else { '@PROGRAM@' }
    $before = @($words | Select-Object -Skip 1)
    $last = "$wordToComplete"
    # Before 7.3, and where the old way is kept, an empty argument of a program is dropped unless it is quoted twice.
    $passing = "$(Get-Variable PSNativeCommandArgumentPassing -ValueOnly -ErrorAction Ignore)"
    if ($last -eq '' -and $passing -in '', 'Legacy') { $last = '""' }
    $lines = @(& $program __complete @before $last 2>$null)
    if (-not $lines.Count) { return }
    $directive = [int]("$($lines[-1])".TrimStart(':'))
    if ($directive -band 1) { return }
    # Nothing fits, and no file does either: an empty word keeps PowerShell from offering files.
    if ($lines.Count -eq 1) { if ($directive -band 4) { '' }; return }
    $flag = if ($wordToComplete -match '^(-[^=]*=)') { $Matches[1] } else { '' }
    $space = if ($directive -band 2) { '' } else { ' ' }
    $lines | Select-Object -SkipLast 1 | ForEach-Object {
        $value, $about = "$_" -split "`t", 2
        if (-not $about) { $about = $value }
        # What PowerShell would read as something else than a word's letters stands behind a backtick.
        $typed = $value -replace '[\s#@$;,''{}()"`|<>&]', '`$&'
        [System.Management.Automation.CompletionResult]::new("$flag$typed$space", $value, 'ParameterValue', $about)
    }
}
"""

_TEMPLATES = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}
_FILES = {"bash": "@PROGRAM@.bash", "zsh": "_@PROGRAM@", "fish": "@PROGRAM@.fish", "powershell": "@PROGRAM@.ps1"}


def script(shell: str, program: str) -> str:
    """Return the script of a shell (one of SHELLS) for a program of that file name."""
    return _filled(_TEMPLATES[shell], program)


def files() -> dict[str, str]:
    """Return the scripts of both programs, by file name."""
    return {_filled(_FILES[shell], program): script(shell, program) for program in PROGRAMS for shell in SHELLS}


def _filled(template: str, program: str) -> str:
    function = "_" + program.replace("-", "_")
    return template.replace("@PROGRAM@", program).replace("@FUNCTION@", function)


def main(folder: str) -> None:
    """Write the scripts into a folder."""
    from pathlib import Path

    for name, text in files().items():
        Path(folder, name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
