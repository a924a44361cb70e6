using Compat.Torch.Training;

namespace Compat.Engine.Model;

/// <summary>What a model's own code must not leave out.</summary>
internal static class StepResult
{
    /// <summary>Checks what a training step returned.</summary>
    public static LogVars Require(LogVars? logVars, BaseModel model) => logVars
        ?? throw new InvalidOperationException(
            $"{Name(model)}.TrainStep returned null. Write 'return logVars;' with what shall be logged, or 'return [];' for nothing.");

    /// <summary>Checks what the losses of a batch are.</summary>
    public static LossDict Require(LossDict? losses, BaseModel model) => losses
        ?? throw new InvalidOperationException(
            $"{Name(model)}.Loss returned null. Return a LossDict with at least one entry whose name contains 'loss'.");

    private static string Name(BaseModel model) => model.StateModule.GetType().Name;
}
