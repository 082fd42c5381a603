using System.CommandLine;

namespace Veltrix.Cli.Verbs;

/// <summary>All verbs. One file each beside this one; what several share is a folder up.</summary>
static class Tree
{
    public static RootCommand Make(Terminal terminal)
    {
        var root = new RootCommand("Live treasure hunts for crowds that arrive all at once.")
        {
            Up.Make(terminal),
            Serve.Make(terminal),
            OrchestratorVerb.Make(terminal),
            OperatorVerb.Make(terminal),
            Group(terminal, "hunt", "Write, publish, run and check hunts.",
            [
                HuntNew.Make(terminal),
                HuntValidate.Make(terminal),
                HuntPublish.Make(terminal),
                HuntList.Make(terminal),
                .. HuntActions.Make(terminal),
                HuntExport.Make(terminal),
                HuntPasses.Make(terminal),
                HuntWaits.Make(terminal),
                HuntVerify.Make(terminal),
                HuntReplay.Make(terminal),
            ]),
            Group(terminal, "ledger", "Write a hunt's ledger to a file, and make a hunt from one.", [LedgerExport.Make(terminal), LedgerImport.Make(terminal)]),
            Simulate.Make(terminal),
            GovernorRun.Make(terminal),
            Group(terminal, "config", "See, check and change settings, while hunts are live.",
            [
                ConfigExplain.Make(terminal),
                ConfigList.Make(terminal),
                ConfigStatus.Make(terminal),
                ConfigSet.Make(terminal),
                ConfigSet.MakeUnset(terminal),
                ConfigValidate.Make(terminal),
            ]),
            Group(terminal, "cluster", "Run several servers as one engine on this machine.", [ClusterUp.Make(terminal), ClusterStatus.Make(terminal), ClusterKill.Make(terminal), ClusterDown.Make(terminal)]),
            CapacityVerb.Make(terminal),
            ChaosVerb.Make(terminal),
            Group(terminal, "key", "Give out keys, take them back, and change what they are signed with.",
            [
                KeyIssue.Make(terminal),
                KeyList.Make(terminal),
                KeyChanges.Revoke(terminal),
                KeyChanges.Rotate(terminal),
                KeyChanges.Retire(terminal),
            ]),
            LoadVerb.Make(terminal),
            LoadVerb.MakeWorker(terminal),
            Doctor.Make(terminal),
            Health.Make(terminal),
            DrainVerb.Make(terminal),
            Version.Make(terminal),
        };
        ShowsHelp(root, terminal.Out, ExitCode.Done);
        return root;
    }

    static Command Group(Terminal terminal, string name, string description, IReadOnlyList<Command> verbs)
    {
        var group = new Command(name, description);
        foreach (var verb in verbs) group.Add(verb);
        // Without a verb there is nothing to do, and a script that lost its variable should notice.
        ShowsHelp(group, terminal.Error, ExitCode.Usage);
        return group;
    }

    static void ShowsHelp(Command command, TextWriter to, int code) => command.SetAction(parsed =>
    {
        parsed.InvocationConfiguration.Output = to;
        new HelpWithExamples().Invoke(parsed);
        return code;
    });
}
