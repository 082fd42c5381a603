namespace Veltrix.Cli;

enum Severity
{
    Fine,

    /// <summary>Veltrix runs, but something is missing or small.</summary>
    Warning,

    /// <summary>Veltrix cannot run like this.</summary>
    Broken,
}

/// <summary>One thing that was looked at. The remedy is empty where there is nothing to do.</summary>
sealed record Finding(string Subject, Severity Severity, string Text, string Remedy = "")
{
    public static Finding Fine(string subject, string text) => new(subject, Severity.Fine, text);
}
