using Microsoft.Extensions.Logging;

namespace Compat.Engine.Logging;

internal static partial class EngineLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Text}")]
    public static partial void Line(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void Warning(ILogger logger, string text);
}
