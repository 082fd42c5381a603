using System.Runtime.CompilerServices;

namespace Veltrix.Server.Tests;

/// <summary>The sources and documents that these tests read in place.</summary>
static class Repository
{
    public static string Text(string path) => File.ReadAllText(Path.Combine(Root(), path));

    /// <summary>All code of the server, as one text.</summary>
    public static string ServerCode() =>
        string.Join('\n', Directory.GetFiles(Path.Combine(Root(), "src/Veltrix.Server"), "*.cs", SearchOption.AllDirectories).Where(path => !path.Contains("/obj/")).Select(File.ReadAllText));

    static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));
}
