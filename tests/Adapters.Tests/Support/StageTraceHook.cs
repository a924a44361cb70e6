using System.Globalization;
using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Adapters.Tests.Support;

/// <summary>Writes down what a legacy hook can see at each point.</summary>
public sealed class StageTraceHook : Hook
{
    public List<string> Calls { get; } = [];

    public override void BeforeRun(BaseRunner runner) => Add(nameof(BeforeRun), runner);

    public override void BeforeTrainEpoch(BaseRunner runner) => Add(nameof(BeforeTrainEpoch), runner);

    public override void BeforeTrainIter(BaseRunner runner) => Add(nameof(BeforeTrainIter), runner);

    public override void AfterTrainIter(BaseRunner runner) => Add(nameof(AfterTrainIter), runner);

    public override void AfterTrainEpoch(BaseRunner runner) => Add(nameof(AfterTrainEpoch), runner);

    public override void AfterRun(BaseRunner runner) => Add(nameof(AfterRun), runner);

    private void Add(string point, BaseRunner runner) => Calls.Add(string.Create(
        CultureInfo.InvariantCulture,
        $"{point} epoch {runner.Epoch} iter {runner.Iter} inner {runner.InnerIter} max {runner.MaxEpochs} {runner.MaxIters} mode {runner.Mode ?? "none"} "
        + $"lr {runner.CurrentLr().First:R} momentum {runner.CurrentMomentum().First:R} loader {runner.DataLoader?.Length} "
        + $"batch [{string.Join(' ', runner.DataBatch?.Indices ?? [])}] samples {runner.Outputs?.NumSamples} training {runner.Model.training} "
        + $"hooks {string.Join(' ', runner.Hooks.Select(hook => $"{hook.GetType().Name}:{runner.PriorityOf(hook)}"))} model {runner.ModelName}"));
}
