using Compat.Torch.Training;

namespace Compat.Legacy;

/// <summary>Takes what a step returned into the log buffer, the same way whoever runs the step.</summary>
internal static class StepOutputsLogger
{
    /// <summary>Adds the log values with their weight and, in training, watches the losses.</summary>
    /// <param name="buffer">Where the values go.</param>
    /// <param name="outputs">What the step returned.</param>
    /// <param name="model">The name of the model, for messages.</param>
    /// <param name="trainIteration">The iteration; <see langword="null"/> in a validation.</param>
    public static void Log(LogBuffer buffer, StepOutputs outputs, string model, int? trainIteration)
    {
        LogVars? logVars = outputs.LogVars;
        if (logVars is not null && trainIteration is { } iteration)
        {
            buffer.UpdateWatched(logVars, outputs.RequireNumSamples(model), iteration);
        }
        else if (logVars is not null)
        {
            buffer.Update(logVars, outputs.RequireNumSamples(model));
        }

        if (trainIteration is { } number && outputs.Loss is { } loss && !IsLogged(loss, logVars))
        {
            buffer.Watch(loss, number);
        }
    }

    private static bool IsLogged(TorchSharp.torch.Tensor loss, LogVars? logVars) =>
        logVars is not null && logVars.Any(entry => ReferenceEquals(entry.Value.Tensor, loss) && entry.Key.Contains("loss", StringComparison.Ordinal));
}
