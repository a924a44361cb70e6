namespace Compat.Engine.Optim;

/// <summary>When gradients are cleared.</summary>
public enum ZeroGradTiming
{
    /// <summary>Right after the update, as MMEngine does: hooks find no gradients.</summary>
    AfterStep,

    /// <summary>Before the next backward that follows an update, as MMCV does: hooks after the iteration still find the gradients.</summary>
    BeforeBackward,
}
