using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Adapters.Tests.Support;

/// <summary>Does what the test says after each iteration.</summary>
public sealed class ActionHook(Action<BaseRunner> action) : Hook
{
    public override void AfterTrainIter(BaseRunner runner) => action(runner);
}
