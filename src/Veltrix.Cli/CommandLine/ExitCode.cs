namespace Veltrix.Cli;

/// <summary>What the process says to a script. Documented in <c>docs/reference/cli.md</c>; scripts rely on the numbers.</summary>
public static class ExitCode
{
    public const int Done = 0;

    /// <summary>It was tried and did not succeed: a fault in a file, a difference found, a server that does not answer.</summary>
    public const int Failed = 1;

    /// <summary>The command line says nothing that can be done.</summary>
    public const int Usage = 2;

    /// <summary>No such file, hunt, team.</summary>
    public const int NotFound = 3;

    /// <summary>Something stands against it: a port in use, a file already there, a key that may not, a hunt already open.</summary>
    public const int Refused = 4;

    /// <summary>Too fast; later it may work.</summary>
    public const int Throttled = 5;

    public const int HungUp = 129;
    public const int Interrupted = 130;
    public const int Terminated = 143;
}
