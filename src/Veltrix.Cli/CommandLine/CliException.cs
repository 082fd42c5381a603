namespace Veltrix.Cli;

/// <summary>A verb cannot go on. Shown as one or two lines on stderr: what is wrong and what to do.</summary>
public class CliException(int exitCode, string message, string? remedy = null, Exception? inner = null) : Exception(message, inner)
{
    public int Code { get; } = exitCode;

    public string? Remedy { get; } = remedy;
}
