
# What stands behind these is asked of infra itself, which reads files only.
complete -c infra -n "__fish_seen_subcommand_from plan apply destroy" -l target -r -f -a "(infra completions --values addresses 2>/dev/null)"
complete -c infra -n "__fish_seen_subcommand_from plan apply destroy" -l exclude -r -f -a "(infra completions --values addresses 2>/dev/null)"
complete -c infra -n "__fish_seen_subcommand_from plan apply destroy" -l replace -r -f -a "(infra completions --values addresses 2>/dev/null)"
complete -c infra -n "__fish_seen_subcommand_from graph" -f -a "(infra completions --values addresses 2>/dev/null)"
complete -c infra -n "__fish_seen_subcommand_from explain" -f -a "(infra completions --values codes 2>/dev/null)"
complete -c infra -s e -l env -r -f -a "(infra completions --values environments 2>/dev/null)"
complete -c infra -n "__fish_seen_subcommand_from state; and __fish_seen_subcommand_from mv rm show" -f -a "(infra completions --values addresses 2>/dev/null)"
