namespace Veltrix.Governor.Policies;

/// <summary>
/// <c>headroom</c>: paces growth by how much room is left. Memory and lag are stocks, joins are the flow and nobody who plays is put out, so a limit that was too high cannot be taken
/// back; what can be done is not to grow into the wall. The limit hugs those who play, and grows by less the nearer the worst signal comes to its set-point.
/// </summary>
/// <remarks>
/// <code>
/// û_i = (median of 3, or the newest of a rising signal + H · rising slope) / θ_i         u = max û_i
/// u ≥ 1              BRAKE  L = min(L, A) · max(β, 1/u), at most every 20 s, and only if those who play are at least half of L; else down to A
/// u ≥ sp − band      HOLD   (left only below sp − 2.5·band, and 30 s after the last heat)
/// else               RAMP   h = (sp − u)/sp, B = max(A, w0·C): L = B + min(1, G·h)·g·B below the last trouble, + π·C above it
/// any x_i ≥ κ_i      pause
/// </code>
/// Source: the design note's section 2.2, where its parameters were found by search on a simulated plant; the simulator here shows what they do.
/// </remarks>
public sealed class Headroom(PolicyParameters parameters) : IAdmissionPolicy
{
    const double Band = 0.02;
    const double Gain = 2;
    const double HoldExit = 2.5;
    const double EpisodeSeconds = 60;
    const double ForgetSeconds = 120;
    const double RefractorySeconds = 20;
    const double CoolSeconds = 30;
    /// <summary>Lag below this share of its threshold is a queue at work, and its slope says nothing.</summary>
    const double LagQuiet = 0.25;

    public string Name => "headroom";

    public PolicyState Begin(double limit) =>
        new State(limit, SignalHistory.Empty, double.NegativeInfinity, double.NegativeInfinity, double.PositiveInfinity, Mode.Ramp, double.NegativeInfinity);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        var (ceiling, floor, seated) = (observation.Ceiling, observation.Floor, observation.Seated);
        var elapsed = double.IsFinite(before.SteppedAt) ? Math.Clamp(now - before.SteppedAt, 0, 60) : 0;
        var history = before.History.With(observation.Readings, now);
        var limit = Math.Clamp(before.Limit, floor, ceiling);
        if (Staleness.Reason(history, observation, now, parameters.ReadingAgeMax, out var age) is { } stale)
            return Decide(
                before with { History = history, Mode = Mode.Stale, SteppedAt = now }, Staleness.Limit(limit, observation, age, parameters.ReadingAgeMax, elapsed), Mode.Stale, false, Cause.Stale, stale);

        var (u, worst, pausing) = Pressure(history, now);
        if (worst is null) return Decide(before with { History = history, SteppedAt = now }, limit, Mode.Hold, false, Cause.None, "nothing is measured");
        var pause = pausing is not null;
        var hotAt = u >= 1 || pause ? now : before.HotAt;
        var next = before with { History = history, HotAt = hotAt, SteppedAt = now };
        var decisive = pausing ?? worst;
        var cause = Words.CauseOf(decisive.Last.Signal);
        var compared = pausing is not null
            ? Words.Compared(pausing.Last.Signal, pausing.Last.Value, pausing.Last.Critical) + ": nobody is let in"
            : Words.Compared(worst.Last.Signal, worst.Last.Value, worst.Last.Soft);

        if (u >= 1)
        {
            if (now - before.CutAt < RefractorySeconds || seated < 0.5 * limit)
                // An old cut is still draining.
                return Decide(next with { Mode = Mode.Brake }, Math.Min(limit, Math.Max(seated, floor)), Mode.Brake, pause, cause, compared);
            // Only the first cut of an episode says where trouble began.
            var trouble = now - before.CutAt > EpisodeSeconds ? Math.Max(floor, 0.95 * Math.Min(seated, limit)) : before.Trouble;
            return Decide(
                next with { Mode = Mode.Brake, CutAt = now, Trouble = trouble }, Math.Max(floor, Math.Min(limit, seated) * Math.Max(parameters.Cut, 1 / u)), Mode.Brake, pause, cause, compared);
        }

        if (u >= parameters.SetPoint - Band * (before.Mode == Mode.Hold ? HoldExit : 1) || now - hotAt < CoolSeconds)
        {
            var window = Math.Max(Math.Min(limit, Math.Max(1.01 * seated, floor)), Math.Min(limit, parameters.FirstWindow * ceiling));
            // What a ramp would take back is taken back here too, or a fuller store would leave the limit higher than an emptier one.
            var held = Math.Min(before.Mode == Mode.Hold ? limit : window, Math.Max(seated, parameters.FirstWindow * ceiling) * (1 + parameters.Growth));
            return Decide(next with { Mode = Mode.Hold }, held, Mode.Hold, pause, cause, $"{compared}, no room to grow");
        }

        var known = now - hotAt > ForgetSeconds ? ceiling : Math.Min(before.Trouble, ceiling);
        var room = (parameters.SetPoint - u) / parameters.SetPoint;
        var playing = Math.Max(seated, parameters.FirstWindow * ceiling);
        var growth = playing < known ? parameters.Growth * Math.Min(1, Gain * room) * playing : parameters.Probe * ceiling;
        var raised = Math.Max(Math.Min(limit, playing * (1 + parameters.Growth)), playing + growth);
        if (playing >= known && seated >= 0.98 * known) known = Math.Max(known, seated);
        // A clock that stood still or ran back teaches nothing: no rise.
        if (double.IsFinite(before.SteppedAt) && elapsed <= 0) raised = Math.Min(raised, limit);
        return Decide(next with { Mode = Mode.Ramp, Trouble = known }, raised, Mode.Ramp, pause, raised >= ceiling ? Cause.Ceiling : cause, Words.Invariant($"{compared}, room for {room:P0} more"));

        Step Decide(State after, double decided, Mode mode, bool isPause, Cause why, string reason)
        {
            decided = Math.Clamp(Math.Round(decided), floor, ceiling);
            var brownout = parameters.Brownout ? Brownouts.Of(history, now, parameters.ReadingAgeMax) : Brownout.None;
            return new(after with { Limit = decided }, new Decision(decided, Math.Max(0, decided - seated) / 5, isPause, brownout, mode, why, reason));
        }
    }

    (double U, SignalTrack? Worst, SignalTrack? Pausing) Pressure(SignalHistory history, double now)
    {
        var u = 0.0;
        SignalTrack? worst = null, pausing = null;
        foreach (var track in history.Fresh(now, parameters.ReadingAgeMax))
        {
            var (slope, value) = (Math.Max(0, track.Slope), track.Median);
            if (slope > 0) value = Math.Max(value, track.Last.Value);
            if (track.Last.Signal != Signal.RedisMemory && value <= LagQuiet * track.Last.Soft) slope = 0;
            var its = (value + parameters.SlopeHorizon * slope) / track.Last.Soft;
            if (worst is null || its > u) (u, worst) = (its, track);
            if (track.Last.Value >= track.Last.Critical) pausing = track;
        }

        return (u, worst, pausing);
    }

    sealed record State(double Limit, SignalHistory History, double CutAt, double HotAt, double Trouble, Mode Mode, double SteppedAt) : PolicyState(Limit);
}

/// <summary>The memoryless brownout of the design note's section 2.4: service gets cheaper along a straight line, from memory 0.75 to 0.90 and from lag 500 to 5,000.</summary>
public static class Brownouts
{
    public static Brownout Of(SignalHistory history, double now, double ageMax)
    {
        double memory = 0, lag = 0;
        foreach (var track in history.Fresh(now, ageMax))
        {
            if (track.Last.Signal == Signal.RedisMemory) memory = Line(track.Last.Value, track.Last.Soft - 0.05, track.Last.Critical);
            if (track.Last.Signal == Signal.LogLag) lag = Line(track.Last.Value, track.Last.Soft / 2, track.Last.Critical);
        }

        return new Brownout(memory, lag);
    }

    static double Line(double value, double from, double to) => Math.Clamp((value - from) / Math.Max(to - from, 1e-9), 0, 1);
}
