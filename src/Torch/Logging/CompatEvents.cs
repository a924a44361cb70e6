using Microsoft.Extensions.Logging;

namespace Compat.Torch.Logging;

/// <summary>The log lines that the originals do not have. Their event ids count from 9000, so that a comparison with lines of the originals can leave them out.</summary>
public static class CompatEvents
{
    private const int First = 9000;

    /// <summary>Gets the id of the warning about a loss that is not finite.</summary>
    public static EventId NonFiniteLoss { get; } = new(9000, nameof(NonFiniteLoss));

    /// <summary>Gets the id of the line about parts of a legacy runner's meta that its JSON log cannot hold.</summary>
    public static EventId MetaLeftOut { get; } = new(9040, nameof(MetaLeftOut));

    /// <summary>Tells whether a line is one of ours.</summary>
    /// <param name="id">The line's event id.</param>
    /// <returns>Whether the originals have no such line.</returns>
    public static bool IsOurs(EventId id) => id.Id >= First;

    /// <summary>Writes a line of ours.</summary>
    /// <param name="logger">Where it goes.</param>
    /// <param name="level">How serious it is.</param>
    /// <param name="id">Which line it is.</param>
    /// <param name="text">The line.</param>
    public static void Write(ILogger logger, LogLevel level, EventId id, string text)
    {
        ArgumentNullException.ThrowIfNull(logger);
        logger.Log(level, id, text, null, static (line, _) => line);
    }
}
