using Compat.Torch.Training;

namespace Compat.Engine.Hooks;

/// <summary>Finds which points a type of hook overrides.</summary>
internal static class HookPoints
{
    // A general method stands for several points.
    private static readonly Dictionary<string, HookPoint[]> General = new()
    {
        ["BeforeEpoch"] = [HookPoint.BeforeTrainEpoch, HookPoint.BeforeValEpoch, HookPoint.BeforeTestEpoch],
        ["AfterEpoch"] = [HookPoint.AfterTrainEpoch, HookPoint.AfterValEpoch, HookPoint.AfterTestEpoch],
        ["BeforeIter"] = [HookPoint.BeforeTrainIter, HookPoint.BeforeValIter, HookPoint.BeforeTestIter],
        ["AfterIter"] = [HookPoint.AfterTrainIter, HookPoint.AfterValIter, HookPoint.AfterTestIter],
    };

    public static IReadOnlyCollection<HookPoint> OverriddenBy(Type type) => OverriddenPoints.Of<Hook, HookPoint>(type, General);
}
