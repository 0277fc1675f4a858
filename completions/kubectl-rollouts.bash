# bash completion for kubectl-rollouts                                -*- shell-script -*-

_kubectl_rollouts() {
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
    type -P "$program" >/dev/null || program=kubectl-rollouts
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

complete -o default -F _kubectl_rollouts kubectl-rollouts
