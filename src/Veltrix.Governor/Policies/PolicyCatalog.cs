namespace Veltrix.Governor.Policies;

/// <summary>The policies by name.</summary>
public static class PolicyCatalog
{
    static readonly Dictionary<string, Func<IAdmissionPolicy>> makers = new()
    {
        ["linear"] = () => new LinearRule(),
        ["static"] = () => new FixedShare(),
    };

    public static IReadOnlyCollection<string> Names => makers.Keys;

    /// <exception cref="ArgumentException">There is none of that name; the message lists those that are.</exception>
    public static IAdmissionPolicy Create(string name) => makers.TryGetValue(name, out var make)
        ? make()
        : throw new ArgumentException($"there is no policy '{name}'; there are {string.Join(", ", Names)}", nameof(name));

    sealed class FixedShare : IAdmissionPolicy
    {
        public string Name => "static";

        public PolicyState Begin(double limit) => new State(limit);

        public Step Step(PolicyState state, Observation observation, double now)
        {
            var limit = 0.76 * observation.Ceiling;
            return new(new State(limit), new Decision(limit, double.PositiveInfinity, false, Brownout.None, Mode.Hold, Cause.Ceiling, "static: 0.76 of the ceiling"));
        }

        sealed record State(double Limit) : PolicyState(Limit);
    }

    sealed class LinearRule : IAdmissionPolicy
    {
        public string Name => "linear";

        public PolicyState Begin(double limit) => new State(limit, double.NegativeInfinity, null);

        public Step Step(PolicyState state, Observation observation, double now)
        {
            var before = (State)state;
            var limit = Math.Clamp(before.Limit, observation.Floor, observation.Ceiling);
            var pressure = observation.Readings.Where(reading => reading.IsValid).Select(reading => reading.Pressure).DefaultIfEmpty(0).Max();
            var calm = pressure <= 0.9 ? before.CalmSince ?? now : (double?)null;
            var due = now - before.MovedAt >= 30;
            var (next, mode) = (pressure, due) switch
            {
                ( > 1, true) => (Math.Max(observation.Floor, limit - 0.1 * observation.Ceiling), Mode.Brake),
                ( <= 0.9, true) when now - calm >= 60 && limit < observation.Ceiling => (Math.Min(observation.Ceiling, limit + 0.05 * observation.Ceiling), Mode.Ramp),
                _ => (limit, Mode.Hold),
            };
            var decision = new Decision(next, double.PositiveInfinity, false, Brownout.None, mode, Cause.RedisMemory, FormattableString.Invariant($"pressure {pressure:0.00}"));
            return new(new State(next, mode == Mode.Hold ? before.MovedAt : now, calm), decision);
        }

        sealed record State(double Limit, double MovedAt, double? CalmSince) : PolicyState(Limit);
    }
}
