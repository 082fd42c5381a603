namespace Veltrix.Kubernetes;

/// <summary>What everything of a hunt is called, and how it is found.</summary>
public static class HuntNames
{
    public const string Governor = "governor";
    public const string Server = "server";
    public const string HuntLabel = "veltrix.dev/hunt";
    public const string ComponentLabel = "app.kubernetes.io/component";
    public const string NameLabel = "app.kubernetes.io/name";
    public const string Component = "hunt";

    /// <summary>Finds all hunt pods and what is made for them, as part of a URL.</summary>
    public const string Selector = $"labelSelector={NameLabel}%3Dveltrix,{ComponentLabel}%3D{Component}";

    /// <summary>Keys of the map of overrides that are no settings: live values, which the orchestrator alone writes.</summary>
    public const string LivePrefix = "live.";

    public static string Of(string hunt) => $"hunt-{hunt}";

    public static string Governors(string hunt) => $"hunt-{hunt}-governors";

    public static string Overrides(string hunt) => $"hunt-{hunt}-overrides";

    public static string Definition(string hunt) => $"hunt-{hunt}-definition";

    public static string Live(string hunt) => $"hunt-{hunt}-live";

    /// <summary>Of the pods; no label that an upgrade changes.</summary>
    public static Dictionary<string, string> PodSelector(string hunt) => new() { [NameLabel] = "veltrix", [ComponentLabel] = Component, [HuntLabel] = hunt };
}
