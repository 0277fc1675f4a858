"""What the help of each command says beside its flags: a description and examples. Read only when help is shown.

`{kubectl}` in an example stands for the program as it was called. A test parses every example.
"""

from __future__ import annotations

# path -> (description, ((comment, command line), …))
HELP: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "": (
        "Show and steer Argo Rollouts, progressive delivery on Kubernetes, from the command line.\n\n"
        "Drop-in for the Go plugin of the same purpose; `sandbox` adds a small cluster on this machine to learn on.",
        (
            ("Follow a rollout on the screen", "{kubectl} get rollout guestbook --watch"),
            ("Promote a paused rollout", "{kubectl} promote guestbook"),
            ("Abort a rollout: all traffic back to the stable version", "{kubectl} abort guestbook"),
            ("See a canary release on a cluster of its own, without Kubernetes", "{kubectl} sandbox demo"),
        ),
    ),
    "abort": (
        "Abort a rollout: the new version is scaled down and all traffic goes back to the stable one.\n\n"
        "The pod template stays as it is, so the rollout is Degraded until it is retried or the template is set back.",
        (
            ("Abort a rollout", "{kubectl} abort guestbook"),
            ("Abort several, also if one of them fails", "{kubectl} abort guestbook shop cart --keep-going"),
            ("Only if it is still the release that was looked at", "{kubectl} abort guestbook --as-of-revision 7"),
            ("All of a team", "{kubectl} abort -l team=shop"),
        ),
    ),
    "completion": (
        "Print the completion script of a shell on standard output.",
        (
            ("bash, for this session", "source <({program} completion bash)"),
            (
                "bash, for every session",
                "{program} completion bash > ~/.local/share/bash-completion/completions/{program}",
            ),
            ("zsh, into a folder of $fpath", '{program} completion zsh > "${{fpath[1]}}/_{program}"'),
            ("fish", "{program} completion fish > ~/.config/fish/completions/{program}.fish"),
            ("PowerShell", "{program} completion powershell | Out-String | Invoke-Expression"),
        ),
    ),
    "create": (
        "Create rollouts, experiments, analysis templates and analysis runs from YAML or JSON files.",
        (
            ("Create an experiment and watch it", "{kubectl} create -f my-experiment.yaml -w"),
            ("Create what two files hold", "{kubectl} create -f rollout.yaml -f template.yaml"),
        ),
    ),
    "create analysisrun": (
        "Create an analysis run from an analysis template of the cluster or of a file.",
        (
            ("From a template of the cluster", "{kubectl} create analysisrun --from my-analysis-template"),
            ("From a cluster analysis template", "{kubectl} create analysisrun --global --from my-template"),
            (
                "From a file, with arguments",
                "{kubectl} create analysisrun --from-file template.yaml -a host=example.com",
            ),
            ("With a name of its own", "{kubectl} create analysisrun --from my-analysis-template --name try-1"),
        ),
    ),
    "dashboard": (
        "Serve a web page that shows and steers the rollouts. Not in this version yet.",
        (("On the usual port", "{kubectl} dashboard"), ("On another port", "{kubectl} dashboard --port 8080")),
    ),
    "get": (
        "Show one rollout or experiment as a tree: its revisions, replica sets, pods, experiments and analysis runs.",
        (
            ("Show a rollout", "{kubectl} get rollout guestbook"),
            ("Show an experiment", "{kubectl} get experiment my-experiment"),
        ),
    ),
    "get experiment": (
        "Show an experiment as a tree: its replica sets, their pods, and its analysis runs.",
        (
            ("Show an experiment", "{kubectl} get experiment my-experiment"),
            ("Follow it until Ctrl-C", "{kubectl} get experiment my-experiment --watch"),
        ),
    ),
    "get rollout": (
        "Show a rollout as a tree: its revisions, newest first, with their replica sets, pods, experiments and "
        "analysis runs.\n\n"
        "Icons: ⟳ rollout, # revision, ⧉ replica set, □ pod, Σ experiment, α analysis run, ⊞ job;\n"
        "✔ healthy or passed, ◌ progressing, ॥ paused, • scaled down, ✖ failed, ⚠ with warnings or inconclusive.",
        (
            ("Show a rollout", "{kubectl} get rollout guestbook"),
            ("Follow it until Ctrl-C", "{kubectl} get rollout guestbook --watch"),
            ("Follow it for a minute at most", "{kubectl} get rollout guestbook -w --timeout-seconds 60"),
            ("Follow it until it is healthy, or will not be", "{kubectl} get rollout guestbook -w --until healthy"),
            ("Its facts for a program", "{kubectl} get rollout guestbook -o json"),
            ("One of them", "{kubectl} get rollout guestbook -o jsonpath='{{.weights.actual}}'"),
            ("The steps, without pods", "{kubectl} get rollout guestbook --steps --no-pods"),
        ),
    ),
    "help": (
        "Explain a command: what it does, its flags and examples.",
        (("Explain a command", "{kubectl} help promote"), ("Explain a subcommand", "{kubectl} help get rollout")),
    ),
    "lint": (
        "Check the rollouts of a file before they are applied, and the services, ingresses and virtual services of the "
        "same file that they use.\n\n"
        "Each error is a line; the first one is told with its field, and the command fails. No cluster is asked.",
        (("Check a file", "{kubectl} lint -f my-rollout.yaml"),),
    ),
    "list": (
        "List rollouts or experiments, one line for each.",
        (
            ("List the rollouts of the namespace", "{kubectl} list rollouts"),
            ("List the experiments of the namespace", "{kubectl} list experiments"),
        ),
    ),
    "list experiments": (
        "List experiments with their status, duration, age and templates.",
        (
            ("Those of the namespace", "{kubectl} list experiments"),
            ("Those of all namespaces", "{kubectl} list experiments --all-namespaces"),
        ),
    ),
    "list rollouts": (
        "List rollouts with their strategy, status, step, weight and pod counts.",
        (
            ("Those of the namespace", "{kubectl} list rollouts"),
            ("Those of all namespaces", "{kubectl} list rollouts --all-namespaces"),
            ("One rollout, a line for each change", "{kubectl} list rollouts --name guestbook --watch --timestamps"),
            ("The names of those that are paused", "{kubectl} list rollouts --phase paused -o name"),
            ("With more columns, the youngest first", "{kubectl} list rollouts -o wide --sort-by age"),
        ),
    ),
    "notifications": (
        "Try the templates and triggers of the notification configuration. Not in this version yet.",
        (("Show the templates", "{kubectl} notifications template get"),),
    ),
    "options": (
        "Explain the flags that every command takes, before or after the command's name.",
        (
            ("The global flags", "{kubectl} options"),
            ("Another namespace and context", "{kubectl} -n shop --context staging list rollouts"),
            ("The schema of what -o json prints", "{kubectl} options --schema"),
        ),
    ),
    "pause": (
        "Pause a rollout: it stays at its step until it is promoted.",
        (
            ("Pause a rollout", "{kubectl} pause guestbook"),
            ("Pause several, also if one of them fails", "{kubectl} pause guestbook shop --keep-going"),
        ),
    ),
    "promote": (
        "Promote a rollout: end its pause and go on to the next step, or switch a blue-green rollout over.\n\n"
        "A second promotion before the controller has seen the first skips no step, unless --force is given.",
        (
            ("Promote a paused rollout", "{kubectl} promote guestbook"),
            ("Go to the new version at once", "{kubectl} promote guestbook --full"),
            ("Promote it and wait until it is healthy", "{kubectl} promote guestbook --wait"),
            ("See what that would change", "{kubectl} promote guestbook --dry-run --diff"),
            ("Promote all that wait for it", "{kubectl} promote --all --awaiting-promotion --yes"),
        ),
    ),
    "restart": (
        "Restart the pods of a rollout, a few at a time, as its strategy allows.",
        (
            ("Restart now", "{kubectl} restart guestbook"),
            ("Restart in ten minutes", "{kubectl} restart guestbook --in 10m"),
        ),
    ),
    "resume": (
        "Lift the pause that `pause` or spec.paused made, and nothing else.\n\n"
        "The pause of a canary step goes on: `promote` ends that one, and a manual pause with it.",
        (
            ("Let a rollout go on that was paused by hand", "{kubectl} resume guestbook"),
            ("All that are paused in a namespace", "{kubectl} resume --phase paused --yes"),
        ),
    ),
    "retry": (
        "Try an aborted rollout or an experiment again.",
        (
            ("Retry an aborted rollout", "{kubectl} retry rollout guestbook"),
            ("Run an experiment again", "{kubectl} retry experiment my-experiment"),
        ),
    ),
    "retry experiment": (
        "Run an experiment again from its beginning; its status is removed.",
        (("Run an experiment again", "{kubectl} retry experiment my-experiment"),),
    ),
    "retry rollout": (
        "Try an aborted rollout again, from its first step.",
        (("Retry an aborted rollout", "{kubectl} retry rollout guestbook"),),
    ),
    "sandbox": (
        "Run a small Kubernetes API server with a rollouts controller on this machine: nothing else is needed.",
        (
            ("See a canary release", "{kubectl} sandbox demo"),
            ("Start a cluster to type commands against", "{kubectl} sandbox start"),
        ),
    ),
    "sandbox demo": (
        "Play a release on a sandbox cluster and show it on the screen; ends by itself.",
        (("The canary release", "{kubectl} sandbox demo"), ("A failing image", "{kubectl} sandbox demo abort")),
    ),
    "sandbox pods": (
        "Make trouble while somebody watches: running pods crash, or new ones take their time.",
        (
            ("Let two pods crash", "{kubectl} sandbox pods --fail 2"),
            ("New pods take 20 seconds to become ready", "{kubectl} sandbox pods --slow 20"),
        ),
    ),
    "sandbox reset": (
        "Empty a running sandbox, and load again what it was started with.",
        (("Begin again", "{kubectl} sandbox reset"),),
    ),
    "sandbox run": (
        "Start a sandbox cluster, run a command with KUBECONFIG set to it, stop it, and exit as the command did.",
        (("List the rollouts of a file", "{kubectl} sandbox run --load rollout.yaml -- {kubectl} list rollouts"),),
    ),
    "sandbox start": (
        "Start a sandbox cluster on 127.0.0.1 and print the line that points kubectl to it. Runs until Ctrl-C.",
        (
            ("On any free port", "{kubectl} sandbox start"),
            ("With objects to begin with", "{kubectl} sandbox start --port 8001 --load manifests/"),
            ("In the background, an hour's pause in a minute", "{kubectl} sandbox start --detach --speed 60"),
            ("Kept over restarts", "{kubectl} sandbox start --state cluster.db"),
        ),
    ),
    "sandbox status": (
        "Show the running sandboxes: where they are, how fast, what they hold.",
        (("What is running", "{kubectl} sandbox status"),),
    ),
    "sandbox stop": (
        "Stop a running sandbox and wait until it has gone.",
        (
            ("The only one", "{kubectl} sandbox stop"),
            ("One of several", "{kubectl} sandbox stop --port 8001"),
        ),
    ),
    "set": (
        "Change a part of a rollout in place.",
        (("Set the image of a container", "{kubectl} set image guestbook web=example.com/web:2"),),
    ),
    "set image": (
        "Set the image of the containers of a rollout that have this name: containers, init containers and\n"
        "ephemeral containers. The template of a Deployment is changed where the rollout refers to one.",
        (
            ("Set the image of a container", "{kubectl} set image guestbook web=example.com/web:2"),
            ("Set the image of all containers", "{kubectl} set image guestbook '*=example.com/web:2'"),
            ("Release it and wait for the pause", "{kubectl} set image guestbook web=example.com/web:2 --wait=paused"),
        ),
    ),
    "status": (
        "Print the status of a rollout whenever it changes, until it is Healthy (exit status 0) or Degraded (1).",
        (
            ("Wait until the rollout is settled", "{kubectl} status guestbook"),
            ("Print the status of this moment", "{kubectl} status guestbook --watch=false"),
            ("Wait for a minute at most", "{kubectl} status guestbook --timeout 60s"),
            ("Say with the exit status why it is not healthy", "{kubectl} status guestbook --exit-code"),
        ),
    ),
    "terminate": (
        "End an analysis run or an experiment before its time.",
        (
            ("End an analysis run", "{kubectl} terminate analysisrun guestbook-877894d5b-4"),
            ("End an experiment", "{kubectl} terminate experiment my-experiment"),
        ),
    ),
    "terminate analysisrun": (
        "End an analysis run: its measurements stop, what was measured decides.",
        (("End an analysis run", "{kubectl} terminate analysisrun guestbook-877894d5b-4"),),
    ),
    "terminate experiment": (
        "End an experiment: its replica sets are scaled down.",
        (("End an experiment", "{kubectl} terminate experiment my-experiment"),),
    ),
    "undo": (
        "Go back to the pod template of an earlier revision, which is rolled out as a new one.",
        (
            ("To the revision before", "{kubectl} undo guestbook"),
            ("To revision 3", "{kubectl} undo guestbook --to-revision=3"),
        ),
    ),
    "wait": (
        "Wait until rollouts are where they should be, and say with the exit status why they are not.\n\n"
        "The status of an older generation is never believed. The wait ends early when the goal cannot be reached any "
        "more:\n0 reached, 1 error, 3 degraded or aborted, 4 timeout, 5 paused until somebody promotes it, 6 not "
        "found, 7 forbidden.\n\n"
        "Goals (--for, repeated for several that must all hold; with --any one is enough):\n"
        "  healthy, paused, degraded, aborted, available, deleted\n"
        "  step=N            the canary is at step N or beyond\n"
        "  weight=N          the new version has the weight N or more\n"
        "  revision=N        the rollout is at revision N\n"
        "  analysis=X=PHASE  the newest run of analysis X of this revision is successful, failed, …; X is the name of\n"
        "                    a run, of a metric, or step, background, pre-promotion, post-promotion\n"
        "  condition=X[=V]   the condition X is V (True)\n"
        "  jsonpath=PATH=V   what the path finds is V",
        (
            ("Until a release is over, ten minutes at most", "{kubectl} wait guestbook"),
            ("Until it pauses for a decision", "{kubectl} wait guestbook --for paused --timeout 5m"),
            (
                "Until half of the traffic is there, or it was aborted",
                "{kubectl} wait web --for weight=50 --any --for aborted",
            ),
            ("Several, and a minute of being degraded is forgiven", "{kubectl} wait web shop cart --tolerate 1m"),
            ("All of a team, with a report for the pipeline", "{kubectl} wait -l team=web --report wait.xml"),
        ),
    ),
    "version": (
        "Print the version of this program. The cluster is not asked.",
        (("All of it", "{kubectl} version"), ("One line", "{kubectl} version --short")),
    ),
}
