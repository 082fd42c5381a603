using System.CommandLine;
using Veltrix.Cli.Clusters;

namespace Veltrix.Cli.Verbs;

static class ClusterKill
{
    static readonly Dictionary<string, int> Signals = new() { ["kill"] = ProcessSignal.Kill, ["term"] = ProcessSignal.Terminate, ["stop"] = ProcessSignal.Stop, ["cont"] = ProcessSignal.Continue };

    public static Verb Make(Terminal terminal)
    {
        var data = SharedOptions.Data();
        var role = new Argument<string>("role") { Description = "Which one: server-1, governor-2, orchestrator-1 …", HelpName = "ROLE" };
        var signal = new Option<string>("--signal") { Description = "kill: as a crash; term: as a rolling upgrade; stop and cont: as a machine that hangs, and wakes up.", HelpName = "SIGNAL", DefaultValueFactory = _ => "kill" };
        signal.AcceptOnlyFromAmong([.. Signals.Keys]);
        var verb = new Verb("kill", "End or hang one role of a cluster, to see what happens. It is started again a second after it ended.",
            "veltrix cluster kill server-1 --data ./cluster", "veltrix cluster kill server-2 --signal stop") { role, signal, data };
        verb.SetAction(parsed =>
        {
            var victim = ClusterState.Read(parsed.GetRequiredValue(data)).Find(parsed.GetRequiredValue(role));
            if (victim.Pid is not { } pid || !ProcessSignal.Send(pid, Signals[parsed.GetRequiredValue(signal)]))
                throw new CliException(ExitCode.Refused, $"{victim.Name} does not run just now.", "'veltrix cluster status' shows when it does.");
            terminal.Say($"{victim.Name} (process {pid}): {parsed.GetValue(signal)}.");
            return ExitCode.Done;
        });
        return verb;
    }
}
