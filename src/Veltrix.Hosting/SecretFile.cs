using System.Text;

namespace Veltrix.Hosting;

/// <summary>Files that only their owner may read.</summary>
public static class SecretFile
{
    /// <summary>Writes it whole or not at all.</summary>
    public static void Write(string path, string text)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        using (var writer = new StreamWriter(Create(unfinished), new UTF8Encoding(false))) writer.WriteLine(text);
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Makes an empty one.</summary>
    /// <exception cref="IOException">There is one of that name.</exception>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }
}
