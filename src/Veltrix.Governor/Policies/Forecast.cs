using System.Collections.Immutable;
using Veltrix.Governor.Policies.Forecasting;

namespace Veltrix.Governor.Policies;

/// <summary>
/// <c>forecast</c>: learns while the hunt runs what a hunter costs in this store and what this scorer can take, and sets the limit to what both can bear.
/// </summary>
/// <remarks>
/// <para>
/// Joins cannot be taken back, so the question at each tick is not "are we over?" but "how many more would bring us there?". The answer needs the plant's coefficients, which nobody knows
/// before the night; they are learnt from the first hundreds of hunters (<see cref="MemoryModel"/>, <see cref="LagModel"/>), with their doubt as the margin: what is not known yet is not
/// spent.
/// </para>
/// <code>
/// level  L = the most with  θ_d·φ(L) + k_par·sd ≤ soft − k_sig·σ      for every believed delay d
/// pace   R = the most joins/s with  lag + T·(slope(A + RT/2, R) + k_lag·sd) ≤ target   and   slope(A + RT, λA) + ½·k_lag·sd ≤ 0
/// shell  BRAKE if the median of memory is over, or pause; STALE as every policy; a rise is at most (1 + g)·max(A, w0·C) + π·C;
///        no rise for a minute after memory jumped unexplained, nor on a reading 2 deviations above its forecast
/// </code>
/// <para>
/// The plan of a step: <see cref="Learn"/> from the readings; if they are too old, <see cref="Staleness"/>; <see cref="Level"/> and <see cref="Pace"/>; <see cref="Shell"/> chooses between
/// them and says why. Everything inside is a share of the ceiling, so the law scales exactly; a ceiling that is moved tells all shares anew (<see cref="State.Under"/>).
/// </para>
/// <para>
/// It holds a slow consumer or a lost broker no better than any law of admission can, since that load comes from those who play: the brownout is for that. A jump of memory (a failover)
/// nobody foresees; where one is likely, set the soft threshold lower. Source: the design note on forecast, without its look-ahead, which bought nothing.
/// </para>
/// </remarks>
public sealed class Forecast(PolicyParameters parameters) : IAdmissionPolicy
{
    const int LevelHalvings = 11;
    const int PaceHalvings = 9;
    const double PaceMax = 0.04;
    const double JoinsLeast = 10;
    const double LeavingSeconds = 60;
    const double PastSeconds = 90;
    const double LearnIntervalMax = 60;
    const double BrakeMargin = 0.01;
    const double LagPauseAt = 1.4;
    const double LagResumeAt = 0.6;
    const double LagLookSeconds = 5;
    const double LagCalm = 0.25;
    const double SurpriseNoRaise = 2;
    // A change of direction must be worth more than going on: no flapping between two roundings.
    const double RaiseOn = 0.004, RaiseTurn = 0.010, TrimOn = 0.008, TrimTurn = 0.016;
    const double TightMemory = 0.9;

    public string Name => "forecast";

    public PolicyState Begin(double limit) => new State(limit) { Memory = new MemoryModel(), Lag = new LagModel() };

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var (ceiling, floor) = (observation.Ceiling, observation.Floor);
        var before = ((State)state).Under(ceiling);
        var limit = Math.Clamp(before.Limit, floor, ceiling) / ceiling;
        var learnt = Learn(before with { Limit = limit * ceiling }, observation, now);
        var elapsed = double.IsFinite(before.SteppedAt) ? Math.Clamp(now - before.SteppedAt, 0, LearnIntervalMax) : 0;

        if (Staleness.Reason(learnt.History, observation, now, parameters.ReadingAgeMax, out var age) is { } stale)
        {
            var closing = Math.Clamp(Staleness.Limit(limit * ceiling, observation, age, parameters.ReadingAgeMax, elapsed), floor, ceiling);
            var pace = Math.Min(before.Pace, FirstPace(ceiling));
            return new(learnt with { Limit = closing, Pace = pace, Mode = Mode.Stale }, new Decision(closing, pace * ceiling, false, learnt.Brownout, Mode.Stale, Cause.Stale, stale));
        }

        return Shell(before, learnt, observation, limit, now);
    }

    /// <summary>Takes in what happened since the last step. Scores, noise and gate are judged before the new reading counts, so that a higher reading never opens wider.</summary>
    State Learn(State before, Observation observation, double now)
    {
        var (ceiling, elapsed) = (observation.Ceiling, now - before.SteppedAt);
        var history = before.History.With(observation.Readings, now);
        var seated = observation.Seated / ceiling;
        // Time that stood still, ran backwards or leapt teaches nothing.
        if (before.Past.Length > 0 && elapsed is <= 0 or > LearnIntervalMax)
            return before with { History = history, SteppedAt = now, Surprise = 0, Past = [before.Past[^1] with { At = now, Seated = seated }] };

        var (joins, leaves) = (Math.Max(0, observation.Joins) / ceiling, Math.Max(0, observation.Leaves) / ceiling);
        var orphans = observation.OrphanSeconds * (1 - 0.8 * before.Brownout.Memory);
        var crowd = before.Past.Length == 0
            ? new Crowd(now, seated, seated, seated, 0, 0, before.Brownout.Lag)
            : before.Past[^1].After(now, seated, joins, leaves, orphans, before.Brownout.Lag);
        var past = before.Past.RemoveAll(old => old.At < now - PastSeconds).Add(crowd);
        var leaving = before.Leaving;
        if (before.Past.Length > 0 && seated > 0.001)
            leaving += (leaves / (seated * elapsed) - leaving) * (1 - Math.Exp(-elapsed / LeavingSeconds));

        var next = before with
        {
            History = history, Past = past, Leaving = leaving, SteppedAt = now, Surprise = 0, Joining = before.Past.Length > 0 ? joins / elapsed : 0,
            NoiseBefore = before.Memory.Noise, BelievedBefore = before.Memory.Believed(parameters.DelayGate),
        };
        if (IsNew(Signal.RedisMemory, out var memory))
        {
            var model = before.Memory.Copy();
            var (surprise, jumped) = model.Learn(past, memory.Value, memory.At);
            next = next with { Memory = model, Surprise = surprise, HoldUntil = jumped ? now + parameters.SurpriseHold : next.HoldUntil };
        }

        if (observation.Sent is { } sent && history[Signal.LogLag] is not null)
        {
            var model = before.Lag.Copy();
            model.LearnFlow(past, sent.PerSecond / Size(ceiling), sent.From, sent.To);
            next = next with { Lag = model };
        }

        if (IsNew(Signal.LogLag, out var lag))
        {
            var model = next.Lag.Copy();
            model.Learn(past, lag.Value / Size(ceiling), lag.At, lag.Soft / Size(ceiling), next.Memory.Delay(parameters.DelayGate));
            next = next with { Lag = model };
        }

        return next;

        bool IsNew(Signal signal, out Reading reading)
        {
            reading = history[signal]?.Last ?? default;
            return history[signal] is { } track && track.Last.At > (before.History[signal]?.Last.At ?? double.NegativeInfinity);
        }
    }

    /// <summary>The most seated, as a share of the ceiling, that memory bears.</summary>
    double Level(State learnt, Crowd crowd, double bound) =>
        Most(1, LevelHalvings, seated => learnt.Memory.Fits(crowd, seated, bound, learnt.BelievedBefore, parameters.DoubtMargin));

    /// <summary>The fastest pace of joins, as a share of the ceiling a second, that keeps the lag within its target.</summary>
    double Pace(State learnt, double seated, double lagNow, double lagSeen, double thinning, double ceiling)
    {
        var (horizon, margin) = (parameters.LagHorizon, parameters.LagMargin);
        var leaving = learnt.Leaving * seated;
        var pace = Most(PaceMax, PaceHalvings, rate =>
        {
            var (slope, deviation) = learnt.Lag.Forecast(seated + rate * horizon / 2, rate, thinning);
            var (settled, doubt) = learnt.Lag.Forecast(seated + rate * horizon, leaving, thinning);
            return lagNow + horizon * (slope + margin * deviation) * Size(ceiling) <= parameters.LagTarget && settled + margin / 2 * doubt <= 0;
        });
        // Whoever leaves is replaced: that adds no load. And a few joins a second are nothing to any scorer, also in a hunt so small that its share of them would be less.
        return Math.Max(lagNow, lagSeen) < LagCalm * 2 * parameters.LagTarget ? Math.Max(pace, Math.Max(Math.Min(PaceMax, leaving), JoinsLeast / ceiling)) : pace;
    }

    /// <summary>A hunt with a tenth of the crowd makes a tenth of the records: the model of the log is in those of a hunt of <see cref="LagModel.Ceiling"/>.</summary>
    static double Size(double ceiling) => ceiling / LagModel.Ceiling;

    double FirstPace(double ceiling)
    {
        var unknown = new State(0) { Memory = new MemoryModel(), Lag = new LagModel() };
        return Pace(unknown, 0, 0, 0, 0, ceiling);
    }

    Step Shell(State before, State learnt, Observation observation, double limit, double now)
    {
        var (ceiling, floor) = (observation.Ceiling, observation.Floor / observation.Ceiling);
        var crowd = learnt.Past[^1];
        var (seated, waiting) = (crowd.Seated, observation.Waiting / ceiling);
        var memory = learnt.History[Signal.RedisMemory];
        var lag = learnt.History[Signal.LogLag];
        var thinning = learnt.Brownout.Lag;

        // 1. What memory bears, and what the log bears.
        var bound = memory is null ? double.PositiveInfinity : memory.Last.Soft - parameters.NoiseMargin * learnt.NoiseBefore;
        var level = memory is null ? 1 : Level(learnt, crowd, bound);
        var lagSeen = lag?.Last.Value ?? 0;
        var lagNow = lag is null ? 0 : Math.Max(0, lagSeen + (now - lag.Last.At + learnt.Memory.Delay(parameters.DelayGate)) * SlopeNow());
        var pace = Pace(learnt, seated, lagNow, lagSeen, thinning, ceiling);

        // 2. Stop letting in where waiting for the limit to work would be too late.
        var lagSoon = Math.Max(lagNow, lagSeen) + LagLookSeconds * Math.Max(0, SlopeNow());
        var lagPause = lag is { } && lagSoon > (before.LagPause ? LagResumeAt : LagPauseAt) * lag.Last.Soft;
        var critical = learnt.History.Fresh(now, parameters.ReadingAgeMax).FirstOrDefault(track => track.Last.Value >= track.Last.Critical);
        var pause = critical is not null || lagPause;

        // 3. Over already? Signals that no model foretells only brake.
        var over = memory is { } && memory.Median > memory.Last.Soft + Math.Min(2 * learnt.NoiseBefore, BrakeMargin);
        var other = learnt.History.Fresh(now, parameters.ReadingAgeMax)
            .FirstOrDefault(track => track.Last.Signal is not (Signal.RedisMemory or Signal.LogLag) && track.Median > track.Last.Soft);
        var hot = over || other is not null || pause;

        // 4. The step: never more at once than the measurements can follow.
        var slew = Math.Max(limit, Math.Max(seated, parameters.FirstWindow) * (1 + parameters.Growth) + parameters.Probe);
        var wanted = Math.Min(Math.Min(level, 1), slew);
        var stoodStill = double.IsFinite(before.SteppedAt) && now <= before.SteppedAt;
        var (mode, next, direction) = (Mode.Hold, limit, before.Direction);
        if (hot) (mode, next) = (Mode.Brake, Math.Min(limit, Math.Max(floor, Math.Min(seated, wanted))));
        else if (wanted > limit && (now < learnt.HoldUntil || learnt.Surprise > SurpriseNoRaise || stoodStill)) mode = Mode.Hold;
        else if (wanted > limit && (wanted >= limit + (before.Direction >= 0 ? RaiseOn : RaiseTurn) || wanted >= 1)) (mode, next, direction) = (Mode.Ramp, wanted, 1);
        else if (wanted <= limit - (before.Direction < 0 ? TrimOn : TrimTurn)) (mode, next, direction) = (Mode.Trim, Math.Max(floor, wanted), -1);

        // 5. Cheaper service while people queue for memory, or while the log is behind.
        var brownout = Brownout.None;
        if (parameters.Brownout)
        {
            var tight = memory is { } && level < seated + waiting + 0.01 && waiting > 0.002 && memory.Median > TightMemory * memory.Last.Soft;
            var lagShare = lag is null ? 0 : Math.Clamp((lagSeen - lag.Last.Soft / 2) / (lag.Last.Critical - lag.Last.Soft / 2), 0, 1);
            brownout = new Brownout(tight ? Math.Min(1, before.Brownout.Memory + 0.25) : Math.Max(0, before.Brownout.Memory - 0.05), lagShare);
        }

        var decided = Math.Clamp(next, floor, 1) * ceiling;
        var (cause, reason) = Why(learnt, mode, level, wanted, bound, limit, pace, over, other, critical, lagPause, lagSoon, slew, now, observation);
        return new(
            learnt with { Limit = decided, Pace = pace, LagPause = lagPause, Direction = direction, Brownout = brownout, Mode = mode },
            new Decision(decided, pace * ceiling, pause, brownout, mode, cause, reason));

        // Records a second by which the lag grows at present.
        double SlopeNow() => learnt.Lag.Forecast(seated, learnt.Joining, thinning).Slope * Size(ceiling);
    }

    (Cause Cause, string Reason) Why(
        State learnt, Mode mode, double level, double wanted, double bound, double limit, double pace, bool over, SignalTrack? other, SignalTrack? critical, bool lagPause, double lagSoon,
        double slew, double now, Observation observation)
    {
        var ceiling = observation.Ceiling;
        var memory = learnt.History[Signal.RedisMemory];
        var lag = learnt.History[Signal.LogLag];
        if (critical is not null)
            return (Words.CauseOf(critical.Last.Signal), $"{Words.Compared(critical.Last.Signal, critical.Last.Value, critical.Last.Critical)}: nobody is let in until it is lower");
        if (lagPause)
            return (Cause.LogLag, Words.Invariant($"log lag would reach {lagSoon:N0} in {LagLookSeconds:0} s: nobody is let in until it is under {LagResumeAt * lag!.Last.Soft:N0}"));
        if (over) return (Cause.RedisMemory, Words.Compared(Signal.RedisMemory, memory!.Median, memory.Last.Soft));
        if (other is not null) return (Words.CauseOf(other.Last.Signal), Words.Compared(other.Last.Signal, other.Median, other.Last.Soft));

        var paced = "";
        // Without the learnt coefficients: they foretell well and measure badly.
        if (lag is not null && pace < PaceMax * 0.99) paced = Words.Invariant($"; joins at {pace * ceiling:N0} a second, so that the log's lag stays under {parameters.LagTarget:N0}");

        if (mode == Mode.Hold && wanted > limit && now < learnt.HoldUntil)
            return (Cause.RedisMemory, Words.Invariant($"memory jumped unexplained; no rise for {learnt.HoldUntil - now:0} s{paced}"));
        if (mode == Mode.Hold && wanted > limit && learnt.Surprise > SurpriseNoRaise)
            return (Cause.RedisMemory, Words.Invariant($"redis memory {memory!.Last.Value:0.000} is {learnt.Surprise:0.0} deviations above its forecast; no rise now{paced}"));
        if (level >= 1) return (Cause.Ceiling, Words.Invariant($"room for all {ceiling:N0} of the ceiling{paced}"));
        var margin = Words.Invariant($"{bound:0.000} limit ({memory!.Last.Soft:0.00} less {parameters.NoiseMargin:0.0} σ)");
        return mode switch
        {
            Mode.Ramp when wanted < level => (Cause.RedisMemory, Words.Invariant($"up to {level * ceiling:N0} seated memory would stay under its {margin}; this step goes to {slew * ceiling:N0}{paced}")),
            Mode.Ramp or Mode.Trim => (Cause.RedisMemory, Words.Invariant($"at {level * ceiling:N0} seated memory would reach its {margin}{paced}")),
            _ when wanted < level && wanted <= limit => (Cause.RedisMemory, Words.Invariant($"memory allows {level * ceiling:N0}; the limit goes no further ahead of the {learnt.Past[^1].Seated * ceiling:N0} who play than to {wanted * ceiling:N0}{paced}")),
            _ => (Cause.RedisMemory, Words.Invariant($"memory allows {level * ceiling:N0}, too small a change to move for{paced}")),
        };
    }

    /// <summary>The largest number up to <paramref name="most"/> that is fine, by halving; 0 if none is. What is fine stays fine below.</summary>
    static double Most(double most, int halvings, Func<double, bool> isFine)
    {
        if (isFine(most)) return most;
        double low = 0, high = most;
        for (var i = 0; i < halvings; i++)
        {
            var middle = (low + high) / 2;
            if (isFine(middle)) low = middle;
            else high = middle;
        }

        return low;
    }

    sealed record State(double Limit) : PolicyState(Limit)
    {
        public SignalHistory History { get; init; } = SignalHistory.Empty;

        /// <summary>The crowd at the last ticks, by time: readings are compared with the crowd they were made of.</summary>
        public ImmutableArray<Crowd> Past { get; init; } = [];

        /// <summary>All shares here are of this one; 0 before the first step.</summary>
        public double Ceiling { get; init; }

        public required MemoryModel Memory { get; init; }

        public required LagModel Lag { get; init; }

        public double SteppedAt { get; init; } = double.NegativeInfinity;

        /// <summary>Share of the seated that leaves each second.</summary>
        public double Leaving { get; init; }

        /// <summary>Joins a second at the last tick, as a share of the ceiling.</summary>
        public double Joining { get; init; }

        public double HoldUntil { get; init; } = double.NegativeInfinity;

        /// <summary>How far the last reading was above its forecast, in deviations.</summary>
        public double Surprise { get; init; }

        public double NoiseBefore { get; init; }

        public bool[] BelievedBefore { get; init; } = [];

        public double Pace { get; init; }

        public bool LagPause { get; init; }

        public int Direction { get; init; }

        public Brownout Brownout { get; init; }

        public Mode Mode { get; init; } = Mode.Hold;

        /// <summary>What was learnt is of the store and the scorer, which do not change when a person moves the ceiling: every share is told anew.</summary>
        public State Under(double ceiling)
        {
            if (ceiling == Ceiling) return this;
            if (Ceiling == 0) return this with { Ceiling = ceiling };
            var factor = ceiling / Ceiling;
            return this with
            {
                Ceiling = ceiling,
                Past = [.. Past.Select(crowd => crowd.Rescaled(factor))],
                Memory = Memory.Rescaled(factor),
                Lag = Lag.Rescaled(factor),
                Joining = Joining / factor,
                Pace = Pace / factor,
            };
        }
    }
}
