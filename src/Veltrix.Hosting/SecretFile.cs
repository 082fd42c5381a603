using System.Text;
using Microsoft.Extensions.Logging;

namespace Veltrix.Hosting;

/// <summary>Files that only their owner may read.</summary>
public static partial class SecretFile
{
    /// <summary>Writes it whole or not at all.</summary>
    public static void Write(string path, string text)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        using (var writer = new StreamWriter(Create(unfinished), new UTF8Encoding(false))) writer.WriteLine(text);
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>The password in the file that a setting names, without the line's end; null where none is named.</summary>
    /// <exception cref="ConfigException">The file is missing, unreadable or empty.</exception>
    public static string? Read(Key<string> key, Settings settings)
    {
        if (settings.Get(key) is not { Length: > 0 } path) return null;
        string text;
        try
        {
            text = File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unfit("which is not there", "Write the password into it, or leave the key out.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unfit($"which cannot be read ({error.Message.TrimEnd('.')})", "Give it to the user that this process runs as: chown, and chmod 400.");
        }
        return text.Length > 0 ? text : throw Unfit("which is empty", "Write the password into it, or leave the key out.");

        ConfigException Unfit(string why, string remedy) =>
            new(settings.LastReload.File ?? ConfigFile.DefaultName, [new ConfigFault(0, 0, key.Name, path, $"{key.Name} ({settings.Explain(key).Origin}) names {path}, {why}.", remedy)]);
    }

    /// <summary>The files with secrets among the settings that everybody on the machine may read, each in a sentence with the remedy.</summary>
    public static IEnumerable<string> OpenToAll(Settings settings) =>
        from key in Keys.All.OfType<Key<string>>()
        where key.Form is FilePath && (key.Name.EndsWith("password_file", StringComparison.Ordinal) || key.Name == Keys.KafkaKeyFile.Name)
        let path = settings.Get(key)
        where path.Length > 0 && IsOpenToAll(path)
        select $"{path}, which {key.Name} names, can be read by everybody on this machine. Let only the user that this process runs as read it: chmod 400 {path}";

    /// <summary>Says that at the start of a process.</summary>
    public static void Warn(Settings settings, ILogger logger)
    {
        foreach (var sentence in OpenToAll(settings)) LogOpen(logger, sentence);
    }

    static bool IsOpenToAll(string path)
    {
        if (OperatingSystem.IsWindows()) return false;
        try
        {
            // A mounted secret is a link, and a link may always be read.
            return (File.GetUnixFileMode(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path) & UnixFileMode.OtherRead) != 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whoever needs it will say so.
            return false;
        }
    }

    /// <summary>Makes an empty one.</summary>
    /// <exception cref="IOException">There is one of that name.</exception>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sentence}")]
    static partial void LogOpen(ILogger logger, string sentence);
}
