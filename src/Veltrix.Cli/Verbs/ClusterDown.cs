using Veltrix.Cli.Clusters;

namespace Veltrix.Cli.Verbs;

static class ClusterDown
{
    static readonly TimeSpan DownWithin = TimeSpan.FromSeconds(30);

    public static Verb Make(Terminal terminal)
    {
        var data = SharedOptions.Data();
        var verb = new Verb("down", "Stop a cluster: servers hand over, then everything ends.", "veltrix cluster down --data ./cluster") { data };
        verb.SetAction(async (parsed, cancel) =>
        {
            var keeper = ClusterState.Read(parsed.GetRequiredValue(data)).Keeper;
            ProcessSignal.Send(keeper, ProcessSignal.Terminate);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(DownWithin);
            while (ProcessSignal.IsAlive(keeper))
            {
                if (patience.IsCancellationRequested) throw new CliException(ExitCode.Failed, $"The cluster's process {keeper} does not end.", "Its messages say why; a second 'down' asks again.");
                await Task.Delay(100, cancel);
            }

            terminal.Say("The cluster is down.");
            return ExitCode.Done;
        });
        return verb;
    }
}
