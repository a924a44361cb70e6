namespace Compat.Legacy;

/// <summary>The points at which hooks are called, in MMCV's order.</summary>
public enum HookStage
{
    /// <summary>Before anything else.</summary>
    BeforeRun,

    /// <summary>Before a training epoch.</summary>
    BeforeTrainEpoch,

    /// <summary>Before a training iteration.</summary>
    BeforeTrainIter,

    /// <summary>After a training iteration.</summary>
    AfterTrainIter,

    /// <summary>After a training epoch.</summary>
    AfterTrainEpoch,

    /// <summary>Before a validation pass.</summary>
    BeforeValEpoch,

    /// <summary>Before a validation iteration.</summary>
    BeforeValIter,

    /// <summary>After a validation iteration.</summary>
    AfterValIter,

    /// <summary>After a validation pass.</summary>
    AfterValEpoch,

    /// <summary>After everything else.</summary>
    AfterRun,

    // The two below are no points of their own in MMCV: no list of points names them.

    /// <summary>Before all iterations of a runner that has no epochs; the general method of every hook is called, before any loader is known.</summary>
    BeforeEpoch,

    /// <summary>After all iterations of a runner that has no epochs; the general method of every hook is called.</summary>
    AfterEpoch,
}
