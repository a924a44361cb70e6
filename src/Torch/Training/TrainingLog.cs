using Microsoft.Extensions.Logging;

namespace Compat.Torch.Training;

internal static partial class TrainingLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void NonFiniteLoss(ILogger logger, string text);
}
