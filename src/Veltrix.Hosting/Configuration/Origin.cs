using System.Globalization;

namespace Veltrix.Hosting;

/// <summary>Who set a value: one of the layers, with where or by whom.</summary>
public abstract record Origin
{
    Origin()
    {
    }

    /// <summary>The layer's name on the wire: <c>default</c>, <c>file</c>, <c>definition</c>, <c>cluster</c>, <c>override</c>.</summary>
    public abstract string Layer { get; }

    public sealed record BuiltIn : Origin
    {
        public override string Layer => "default";

        public override string ToString() => "built-in default";
    }

    /// <summary><c>hunt-config.yml</c>.</summary>
    /// <param name="Hunt">Its section below <c>hunts:</c>; null: for all.</param>
    public sealed record File(string Path, int Line, string? Hunt) : Origin
    {
        public override string Layer => "file";

        public override string ToString() => $"{Path}:{Line}{(Hunt is null ? "" : $", for the hunt {Hunt}")}";
    }

    /// <summary><c>settings:</c> in the hunt's definition.</summary>
    public sealed record Definition(string Hunt, int Line) : Origin
    {
        public override string Layer => "definition";

        public override string ToString() => $"the definition of {Hunt}, line {Line}";
    }

    /// <summary>An object of the cluster that the hunt runs on.</summary>
    /// <param name="Source">Which, in words.</param>
    public sealed record Cluster(string Source) : Origin
    {
        public override string Layer => "cluster";

        public override string ToString() => Source;
    }

    /// <summary>A person, with a reason.</summary>
    public sealed record Override(string Who, string Why, DateTimeOffset Since, DateTimeOffset? Until) : Origin
    {
        public override string Layer => "override";

        public override string ToString() => $"{Who}, since {Moment(Since)}{(Until is { } until ? $", until {Moment(until)}" : "")}: {Why}";
    }

    static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
