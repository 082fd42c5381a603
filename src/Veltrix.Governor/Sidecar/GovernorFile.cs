using System.Text.Json;
using System.Text.Json.Nodes;

namespace Veltrix.Governor.Sidecar;

/// <summary><c>governor.json</c> in a data folder: where the governor of that folder listens. For the command line, which is told nothing but the folder.</summary>
public sealed record GovernorFile(Uri Grpc, Uri Http)
{
    public static string FileOf(string folder) => Path.Combine(folder, "governor.json");

    /// <summary>Null where none runs, or the file says nothing.</summary>
    public static GovernorFile? Read(string folder)
    {
        try
        {
            var said = JsonNode.Parse(File.ReadAllText(FileOf(folder))) ?? new JsonObject();
            return new GovernorFile(new Uri((string)said["grpc"]!), new Uri((string)said["http"]!));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or UriFormatException or InvalidOperationException or ArgumentNullException)
        {
            return null;
        }
    }

    /// <summary>A folder that cannot be written keeps nobody from governing; the command line is then told the address.</summary>
    internal static void Write(string folder, Uri grpc, Uri http)
    {
        try
        {
            var path = FileOf(folder);
            File.WriteAllText(path + ".new", JsonSerializer.Serialize(new { grpc = grpc.ToString().TrimEnd('/'), http = http.ToString().TrimEnd('/'), pid = Environment.ProcessId }));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    internal static void Remove(string folder)
    {
        try
        {
            File.Delete(FileOf(folder));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
