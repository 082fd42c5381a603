namespace Veltrix.Hosting;

/// <summary>
/// The settings in force, layer upon layer: built-in default, <c>hunt-config.yml</c>, the hunt's definition, a person's override. Thread-safe; reading costs a dictionary look-up.
/// </summary>
public sealed class Settings
{
    /// <summary>Nothing but the defaults.</summary>
    public static Settings Defaults { get; } = new();

    /// <summary>Something that was asked for has another value now. Called outside of any lock, on the thread that changed it.</summary>
    public event Action? Changed;

    /// <summary>The value for the whole process, or for a hunt that sets nothing of its own.</summary>
    public T Get<T>(Key<T> key) => key.Default;

    /// <summary>The value for one hunt.</summary>
    public T Get<T>(Key<T> key, string hunt) => key.Default;

    void OnChanged() => Changed?.Invoke();
}
