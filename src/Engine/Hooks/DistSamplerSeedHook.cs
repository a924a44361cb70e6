namespace Compat.Engine.Hooks;

/// <summary>Tells the training sampler which epoch comes next, so that each epoch has its own order.</summary>
/// <remarks>Source: MMEngine <c>DistSamplerSeedHook</c>.</remarks>
public sealed class DistSamplerSeedHook : Hook
{
    /// <inheritdoc/>
    public override void BeforeTrainEpoch(Runner runner) => runner.TrainLoop!.Dataloader.Sampler.SetEpoch(runner.Progress.Epoch);
}
