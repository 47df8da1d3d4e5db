# Completion of rehearse(1) for bash.
_rehearse_pipelines() { "${COMP_WORDS[0]}" status --pipelines 2>/dev/null; }

_rehearse() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
    local verbs="run up env status logs approve reject clock doctor reset down help"
    local common="--port --json --no-color"
    local -A options=(
        [up]="--port --host --data --account --region --fast-forward --strict --crash-at --crash-on -q -v"
        [run]="--retry --data $common -q -v"
        [env]="$common"
        [status]="--pipelines --services --unsupported $common"
        [logs]="-f --follow $common"
        [approve]="-m $common"
        [reject]="-m $common"
        [clock]="$common"
        [doctor]="--json --no-color"
        [reset]="$common"
        [down]="--all $common"
    )
    if [[ $COMP_CWORD -eq 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$word")
    elif [[ $before == --data ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${options[$verb]} --help" -- "$word")
    elif [[ $verb == run ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
    elif [[ $verb == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
    elif [[ $verb == clock && $COMP_CWORD -eq 2 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "show advance real jump held" -- "$word")
    elif [[ $verb == logs || $verb == approve || $verb == reject ]] && [[ $before != -m && $before != --port ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_rehearse_pipelines)" -- "$word")
    fi
}
complete -F _rehearse rehearse
