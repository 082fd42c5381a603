namespace Veltrix.Kubernetes.Tests;

/// <summary>Files that tests compare to. <c>VELTRIX_REWRITE_GOLDEN=1</c> writes them anew in the source folder.</summary>
static class Golden
{
    public static void Is(string name, string text)
    {
        if (Environment.GetEnvironmentVariable("VELTRIX_REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(Path.Combine(Source(AppContext.BaseDirectory), name), text);
            return;
        }

        var file = Path.Combine(AppContext.BaseDirectory, "Golden", name);
        Assert.True(File.Exists(file), $"there is no golden file {name}; VELTRIX_REWRITE_GOLDEN=1 writes it");
        Assert.Equal(File.ReadAllText(file), text);
    }

    static string Source(string folder) => File.Exists(Path.Combine(folder, "Veltrix.slnx")) ? Path.Combine(folder, "tests/Veltrix.Kubernetes.Tests/Golden") : Source(Path.GetDirectoryName(folder)!);
}
