# Completion of rehearse(1) for bash.
_rehearse() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
    local verbs="run up env status logs approve reject clock doctor reset down help"
    local common="--port --json --no-color"
    local -A options=(
        [up]="--port --host --data --account --region --fast-forward --strict -q -v"
        [run]="--retry --data $common -q -v"
        [env]="$common"
        [status]="--services --unsupported $common"
        [logs]="--follow $common"
        [approve]="-m $common"
        [reject]="-m $common"
        [clock]="show advance real jump held $common"
        [doctor]="--json --no-color"
        [reset]="$common"
        [down]="--all $common"
        [help]="$verbs"
    )
    if [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "$verbs --version" -- "$word"))
    elif [[ $before == --data || ($verb == run && $word != -*) ]]; then
        COMPREPLY=($(compgen -d -- "$word"))
    else
        COMPREPLY=($(compgen -W "${options[$verb]} --help" -- "$word"))
    fi
}
complete -F _rehearse rehearse
