namespace Veltrix.Governor.Policies;

/// <summary>
/// The policies by name. To add one: a class here that implements <see cref="IAdmissionPolicy"/>, a line below, its name in <c>Keys.PolicyNames</c>, and its row in
/// <c>docs/operate/governor.md</c>. The invariants of <c>InvariantTests</c> then hold for it too, or say why not.
/// </summary>
public static class PolicyCatalog
{
    static readonly Dictionary<string, Func<PolicyParameters, IAdmissionPolicy>> makers = new()
    {
        ["forecast"] = parameters => new Forecast(parameters),
        ["headroom"] = parameters => new Headroom(parameters),
        ["linear"] = parameters => new Linear(parameters),
        ["scaled"] = parameters => new Scaled(parameters),
        ["aimd"] = parameters => new Aimd(parameters, stabilizing: false),
        ["stabilizing-aimd"] = parameters => new Aimd(parameters, stabilizing: true),
        ["static"] = parameters => new StaticLimit(parameters),
    };

    public static IReadOnlyCollection<string> Names => makers.Keys;

    public static IAdmissionPolicy Create(string name) => Create(name, PolicyParameters.Default);

    /// <exception cref="ArgumentException">There is none of that name; the message lists those that are.</exception>
    public static IAdmissionPolicy Create(string name, PolicyParameters parameters) => makers.TryGetValue(name, out var make)
        ? make(parameters)
        : throw new ArgumentException($"there is no policy '{name}'; there are {string.Join(", ", Names)}", nameof(name));
}
