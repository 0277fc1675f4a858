# bash completion for kubectl-rollouts                                -*- shell-script -*-

_kubectl_rollouts() {
    local IFS=$' \t\n' i gap word line value about reply
    local rest="${COMP_LINE:0:COMP_POINT}" width=0 directive
    local -a words=() values=() abouts=()

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

    local program="${words[0]}" current="${words[${#words[@]}-1]}"
    type -P "$program" >/dev/null || program=kubectl-rollouts
    COMPREPLY=()
    while IFS= read -r line; do
        value="${line%%$'\t'*}"
        about=""
        [[ $line == *$'\t'* ]] && about="${line#*$'\t'}"
        values+=("$value")
        abouts+=("$about")
    done < <("$program" __complete "${words[@]:1}" 2>/dev/null)
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

    # What is offered takes the place of the text after the last = or : only, if bash splits there.
    local flag="" kept="" mark
    [[ $current == -*=* ]] && flag="${current%%=*}="
    for mark in = :; do
        if [[ $COMP_WORDBREAKS == *"$mark"* && $current == *"$mark"* ]]; then
            word="${current%"$mark"*}$mark"
            ((${#word} > ${#kept})) && kept="$word"
        fi
    done

    for value in "${values[@]}"; do
        ((${#value} > width)) && width=${#value}
    done
    for ((i = 0; i < ${#values[@]}; i++)); do
        value="$flag${values[i]}"
        value="${value#"$kept"}"
        if ((${#values[@]} == 1)); then
            [[ $value == *[[:space:]\;\&\|\<\>\(\)\$\`\\\"\'*?#~!]* ]] && printf -v value '%q' "$value"
        elif [[ -n ${abouts[i]} && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
            printf -v reply '%-*s  (%s)' "$width" "$value" "${abouts[i]}"
            value="${reply:0:${COLUMNS:-80}-4}"
        fi
        COMPREPLY+=("$value")
    done
}

complete -o default -F _kubectl_rollouts kubectl-rollouts
