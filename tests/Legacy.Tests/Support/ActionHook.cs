using Compat.Legacy.Runners;

namespace Compat.Legacy.Tests.Support;

/// <summary>Does what the test says at some points.</summary>
public sealed class ActionHook : Hook
{
    public Action<BaseRunner> AtBeforeRun { get; init; } = _ => { };

    public Action<BaseRunner> AtBeforeTrainIter { get; init; } = _ => { };

    public Action<BaseRunner> AtAfterTrainIter { get; init; } = _ => { };

    public Action<BaseRunner> AtAfterTrainEpoch { get; init; } = _ => { };

    public Action<BaseRunner> AtAfterValIter { get; init; } = _ => { };

    public override void BeforeRun(BaseRunner runner) => AtBeforeRun(runner);

    public override void BeforeTrainIter(BaseRunner runner) => AtBeforeTrainIter(runner);

    public override void AfterTrainIter(BaseRunner runner) => AtAfterTrainIter(runner);

    public override void AfterTrainEpoch(BaseRunner runner) => AtAfterTrainEpoch(runner);

    public override void AfterValIter(BaseRunner runner) => AtAfterValIter(runner);
}
