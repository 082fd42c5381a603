namespace Veltrix.Cli;

/// <summary>How this very program is started again: it may run as its own executable or under <c>dotnet</c>.</summary>
static class ThisProgram
{
    public static IReadOnlyList<string> Command(params IEnumerable<string> args) =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, typeof(ThisProgram).Assembly.Location, .. args]
            : [Environment.ProcessPath!, .. args];
}
