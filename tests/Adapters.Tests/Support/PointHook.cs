using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Adapters.Tests.Support;

/// <summary>Does what the test says at every point.</summary>
public sealed class PointHook(Action<HookStage, BaseRunner> action) : Hook
{
    public override void BeforeRun(BaseRunner runner) => action(HookStage.BeforeRun, runner);

    public override void BeforeTrainEpoch(BaseRunner runner) => action(HookStage.BeforeTrainEpoch, runner);

    public override void BeforeTrainIter(BaseRunner runner) => action(HookStage.BeforeTrainIter, runner);

    public override void AfterTrainIter(BaseRunner runner) => action(HookStage.AfterTrainIter, runner);

    public override void AfterTrainEpoch(BaseRunner runner) => action(HookStage.AfterTrainEpoch, runner);

    public override void AfterRun(BaseRunner runner) => action(HookStage.AfterRun, runner);
}
