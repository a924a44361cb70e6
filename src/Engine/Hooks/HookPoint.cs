namespace Compat.Engine.Hooks;

/// <summary>The points at which hooks are called, in the order in which they fire.</summary>
public enum HookPoint
{
    /// <summary>Before anything else; weights are not initialised or loaded yet.</summary>
    BeforeRun,

    /// <summary>Before the first epoch.</summary>
    BeforeTrain,

    /// <summary>Before an epoch.</summary>
    BeforeTrainEpoch,

    /// <summary>Before a training iteration.</summary>
    BeforeTrainIter,

    /// <summary>After a training iteration.</summary>
    AfterTrainIter,

    /// <summary>After the last iteration of an epoch.</summary>
    AfterTrainEpoch,

    /// <summary>Before a validation.</summary>
    BeforeVal,

    /// <summary>Before the pass of a validation.</summary>
    BeforeValEpoch,

    /// <summary>Before a validation iteration.</summary>
    BeforeValIter,

    /// <summary>After a validation iteration.</summary>
    AfterValIter,

    /// <summary>After the pass, with the metrics.</summary>
    AfterValEpoch,

    /// <summary>After a validation.</summary>
    AfterVal,

    /// <summary>After the last epoch.</summary>
    AfterTrain,

    /// <summary>Before a test.</summary>
    BeforeTest,

    /// <summary>Before the pass of a test.</summary>
    BeforeTestEpoch,

    /// <summary>Before a test iteration.</summary>
    BeforeTestIter,

    /// <summary>After a test iteration.</summary>
    AfterTestIter,

    /// <summary>After the pass, with the metrics.</summary>
    AfterTestEpoch,

    /// <summary>After a test.</summary>
    AfterTest,

    /// <summary>After everything else.</summary>
    AfterRun,
}
