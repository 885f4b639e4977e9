
# What stands behind these is asked of infra itself, which reads files only.
_infra_values() {
    local -a flags found
    local index
    for ((index = 2; index < CURRENT; index++)); do
        case ${words[index]} in
            --sim) flags+=(--sim) ;;
            -C | -e) flags+=(${words[index]} ${words[index + 1]}) ;;
        esac
    done
    found=(${(f)"$(infra $flags completions --values $1 2>/dev/null)"})
    compadd -a found
}
_infra_addresses() { _infra_values addresses }
_infra_environments() { _infra_values environments }
_infra_codes() { _infra_values codes }
