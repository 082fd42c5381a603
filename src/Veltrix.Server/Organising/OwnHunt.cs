using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Organising;

/// <summary>
/// The hunt of a server that was given a file: published if nothing is, and opened where the file names no time for that. Of several servers with the same file one is first, and the others find
/// it done; what was published once is never replaced.
/// </summary>
sealed partial class OwnHunt(string text, HuntDirectory hunts, TimeProvider clock, ILogger logger)
{
    static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>Until it is done, or cancelled.</summary>
    public async Task Publish(CancellationToken cancel)
    {
        var definition = HuntFile.Read(text).Definition!;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var hunt = await hunts.Open(definition.Id, cancel);
                var (published, phase) = hunt.View.Read((state, _) => (state.Model, state.Phase));
                if (published is null)
                {
                    await hunt.Play(Of(new Command.Publish(text, false)), cancel);
                    continue;
                }

                if (phase is HuntPhase.Scheduled && definition.OpensMs is null) await hunt.Play(Of(new Command.Open()), cancel);
                return;
            }
            catch (EventLogException error)
            {
                LogWaits(definition.Id, error.Message);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Again, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static Envelope Of(Command command) => new(new CommandId("", TeamWishes.NewHunter(), 1), "server", "from the file it was started with", null, command);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt} cannot be published yet: {Reason}")]
    partial void LogWaits(string hunt, string reason);
}
