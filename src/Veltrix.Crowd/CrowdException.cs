namespace Veltrix.Crowd;

/// <summary>A crowd cannot start or go on. The message is for the person at the terminal: what, where, the limit and the remedy.</summary>
public sealed class CrowdException(string message, Exception? inner = null) : Exception(message, inner);
