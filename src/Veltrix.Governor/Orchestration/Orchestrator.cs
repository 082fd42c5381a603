using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Orchestration;

/// <summary>
/// The loop that moves the limit of every hunt. It only speaks with others; what they say is weighed by <see cref="Round"/>. Every round:
/// <list type="number">
/// <item><see cref="Lead"/>: take or renew the leadership. A standby does all that follows but publish and apply, so that it is warm.</item>
/// <item><see cref="Governors.Vote"/>: one call to each governor, with what was last applied.</item>
/// <item><see cref="Read"/>: the gates of all hunts, and how full the store is.</item>
/// <item><see cref="Round.Next"/>.</item>
/// <item><see cref="Publish"/> to the gates, and open those that were rebuilt. One that refuses an old term ends this leadership.</item>
/// <item><see cref="Governors.Apply"/>: tell the governors what was published.</item>
/// </list>
/// Whatever goes wrong is logged once (<see cref="Faults"/>) and the next round comes; nothing ends the loop but its caller.
/// </summary>
public sealed partial class Orchestrator(GateStore store, Governors governors, OrchestratorOptions options, Faults faults, ILogger logger)
{
    /// <summary>From round to round while nobody gets in before the next one: there is no hunt yet, so the first one has no limit, or a gate that lost its keys is being put together again.</summary>
    static readonly TimeSpan Eager = TimeSpan.FromSeconds(1);

    readonly TimeProvider clock = options.Clock;
    RoundState state = RoundState.New;
    ImmutableArray<Applied> applied = [];
    long term;
    // Until this timestamp the leadership is sure, whatever became of the store.
    long leadsUntil = long.MinValue;
    volatile Snapshot now = Snapshot.None;

    /// <summary>As of the last round; from any thread.</summary>
    public Snapshot Now => now;

    /// <summary>Rounds until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(options.Every, clock);
        try
        {
            do
            {
                try
                {
                    await Once(cancel);
                    faults.Gone("round");
                }
                catch (Exception error) when (!cancel.IsCancellationRequested)
                {
                    faults.Seen("round", error.GetType().Name, error.Message, error);
                }

                var every = (state.Hunts.IsEmpty || state.IsRebuilding) && Eager < options.Every ? Eager : options.Every;
                if (timer.Period != every) timer.Period = every;
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>One round.</summary>
    internal async Task Once(CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var leadership = await Lead(cancel);
        var request = new VoteRequest { Term = term };
        if (IsLeader) request.Applied.AddRange(applied);
        var answers = await governors.Vote(request, cancel);
        var hunts = Round.Hunts(state, answers);
        var (gates, memory) = await Read(hunts, cancel);

        var inputs = new RoundInputs(answers, gates, memory, options.Audit, clock.GetUtcNow().ToUnixTimeMilliseconds());
        var outcome = Round.Next(state, inputs, Seconds(clock.GetTimestamp()));
        state = outcome.State;
        if (IsLeader)
        {
            var published = await Publish(outcome, cancel);
            if (IsLeader && published.Length > 0) await Tell(published, cancel);
        }
        else
        {
            applied = [];
        }

        now = new Snapshot(IsLeader, term, leadership?.Leader ?? "", inputs.AtMs, clock.GetElapsedTime(began), now.Rounds + 1, answers, outcome);
    }

    bool IsLeader => clock.GetTimestamp() < leadsUntil;

    async Task<Leadership?> Lead(CancellationToken cancel)
    {
        var (was, asked) = (IsLeader, clock.GetTimestamp());
        var (answered, leadership) = await Reach("leadership", store.Lead(options.Name, options.Lease, cancel), cancel);
        if (!answered) return null;
        // Reckoned from before the question: the store's lease is never shorter than what is believed here.
        leadsUntil = leadership.IsLeader ? asked + (long)(options.Lease.TotalSeconds * clock.TimestampFrequency) : long.MinValue;
        if (leadership.IsLeader && (!was || term != leadership.Term)) LogLeads(options.Name, leadership.Term);
        else if (was && !leadership.IsLeader) LogFollows(options.Name, leadership.Leader);
        term = leadership.Term;
        return leadership;
    }

    async Task<(IReadOnlyDictionary<string, GateCounts> Gates, double? Memory)> Read(IReadOnlyList<string> hunts, CancellationToken cancel)
    {
        var memory = Reach("store memory", store.Memory(cancel), cancel);
        var counts = await Task.WhenAll(hunts.Select(hunt => Reach($"gate of {hunt}", store.Hunt(hunt).Counts(cancel), cancel)));
        var gates = hunts.Zip(counts).Where(read => read.Second.Answered).ToDictionary(read => read.First, read => read.Second.Answer!);
        return (gates, await memory is { Answered: true, Answer: { } told } ? told.Ratio : null);
    }

    /// <returns>Those that took it.</returns>
    async Task<ImmutableArray<HuntRuling>> Publish(RoundOutcome outcome, CancellationToken cancel)
    {
        var answers = await Task.WhenAll(outcome.Rulings.Select(async ruling =>
        {
            var gate = store.Hunt(ruling.Hunt);
            var (answered, accepted) = await Reach($"limit of {ruling.Hunt}", gate.Publish(term, ruling.Limits, cancel), cancel);
            // The limit first: a gate that opens without one would not know how many may come.
            if (answered && accepted && ruling.Reopen && (await Reach($"reopening of {ruling.Hunt}", Done(gate.Reopen(term, cancel)), cancel)).Answered) LogReopened(ruling.Hunt);
            return (Ruling: ruling, IsTaken: answered && accepted, IsOutrun: answered && !accepted);
        }));
        if (answers.Any(answer => answer.IsOutrun)) StandBy();
        return [.. answers.Where(answer => answer.IsTaken).Select(answer => answer.Ruling)];
    }

    async Task Tell(ImmutableArray<HuntRuling> published, CancellationToken cancel)
    {
        applied = [.. published.Select(AsApplied)];
        var request = new ApplyRequest { Term = term };
        request.Applied.AddRange(applied);
        if (!await governors.Apply(request, cancel)) StandBy();
    }

    /// <summary>Until the store says again that this one leads.</summary>
    void StandBy()
    {
        LogOutrun(options.Name, term);
        leadsUntil = long.MinValue;
    }

    /// <summary>Waits for the store, though not for long.</summary>
    async Task<(bool Answered, T? Answer)> Reach<T>(string what, Task<T> call, CancellationToken cancel)
    {
        try
        {
            var answer = await call.WaitAsync(options.Within, clock, cancel);
            faults.Gone(what);
            return (true, answer);
        }
        catch (GateException error)
        {
            faults.Seen(what, error.Fault.ToString(), error.Message);
            return default;
        }
        catch (TimeoutException)
        {
            faults.Seen(what, "late", $"the store does not answer within {Words.Seconds(options.Within)}");
            return default;
        }
    }

    static async Task<bool> Done(Task task)
    {
        await task;
        return true;
    }

    static Applied AsApplied(HuntRuling ruling) => new()
    {
        Hunt = ruling.Hunt,
        Limit = ruling.Limits.Limit,
        JoinsPerSecond = ruling.Limits.JoinsPerSecond,
        Pause = ruling.Limits.Pause,
        Brownout = new Brownout { Memory = ruling.Limits.BrownoutMemory, Lag = ruling.Limits.BrownoutLag },
        Reason = ruling.Limits.Reason,
        Cause = ruling.Limits.Cause,
        AtMs = ruling.Limits.AtMs,
        Pinned = ruling.Limits.Pinned,
        Guard = ruling.Limits.Guard,
    };

    double Seconds(long timestamp) => (double)timestamp / clock.TimestampFrequency;

    [LoggerMessage(Level = LogLevel.Information, Message = "orchestrator {Name} leads, term {Term}")]
    partial void LogLeads(string name, long term);

    [LoggerMessage(Level = LogLevel.Information, Message = "orchestrator {Name} stands by; {Leader} leads")]
    partial void LogFollows(string name, string leader);

    [LoggerMessage(Level = LogLevel.Warning, Message = "orchestrator {Name}, term {Term}: a newer one has spoken; this one stands by")]
    partial void LogOutrun(string name, long term);

    [LoggerMessage(Level = LogLevel.Information, Message = "hunt {Hunt}: the gate was rebuilt and is open again")]
    partial void LogReopened(string hunt);
}

/// <summary>What an orchestrator knew at the end of a round.</summary>
public sealed record Snapshot(
    bool IsLeader, long Term, string Leader, long AtMs, TimeSpan Took, long Rounds, IReadOnlyList<GovernorAnswer> Answers, RoundOutcome Outcome)
{
    public static readonly Snapshot None = new(
        false, 0, "", 0, TimeSpan.Zero, 0, [], new RoundOutcome(RoundState.New, [], new CapacityPlan(1, 0, 0, null, Bottleneck.None, "nothing was measured yet"), [], null));
}
