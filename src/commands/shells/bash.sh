
# What stands behind these is asked of infra itself, which reads files only.
_infra_values() {
    local what=$1 current=$2 word index
    local flags=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        case "$word" in
            --sim) flags+=("$word") ;;
            -C | -e) flags+=("$word" "${COMP_WORDS[index + 1]}") ;;
        esac
    done
    COMPREPLY=()
    while IFS= read -r word; do
        [[ $word == "$current"* ]] && COMPREPLY+=("$word")
    done < <("${COMP_WORDS[0]}" "${flags[@]}" completions --values "$what" 2>/dev/null)
}

_infra_or_values() {
    local current=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]} command=""
    # bash takes the = of --target=x for a word of its own.
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $flag == "=" ]]; then
        flag=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case "$flag" in
        --target | --exclude | --replace | graph | mv | rm) command=addresses ;;
        -e | --env) command=environments ;;
        explain) command=codes ;;
    esac
    if [[ -n $command && $current != -* ]]; then
        _infra_values "$command" "$current"
    else
        _infra "$@"
    fi
}

complete -F _infra_or_values -o bashdefault -o default infra
