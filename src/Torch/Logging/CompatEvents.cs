using Microsoft.Extensions.Logging;

namespace Compat.Torch.Logging;

/// <summary>The log lines that the originals do not have. Their event ids count from 9000, so that a comparison with lines of the originals can leave them out.</summary>
public static class CompatEvents
{
    // Generated log methods, those of the lines of the originals among them, have hashes as ids, so the range has an end too.
    private const int First = 9000;
    private const int Last = 9999;

    /// <summary>Gets the id of the warning about a loss that is not finite.</summary>
    public static EventId NonFiniteLoss { get; } = new(9000, nameof(NonFiniteLoss));

    /// <summary>Gets the id of the warning about an entry <c>loss</c> beside other losses of a step, which is added to them.</summary>
    public static EventId LossBesideTerms { get; } = new(9030, nameof(LossBesideTerms));

    /// <summary>Gets the id of the line about parts of a legacy runner's meta that its JSON log cannot hold.</summary>
    public static EventId MetaLeftOut { get; } = new(9040, nameof(MetaLeftOut));

    /// <summary>Gets the id of the line that a runner has nothing left to train.</summary>
    public static EventId NothingLeftToTrain { get; } = new(9041, nameof(NothingLeftToTrain));

    /// <summary>Gets the id of the line that a shuffling sampler repeats one order in every epoch of a legacy runner.</summary>
    public static EventId RepeatedOrder { get; } = new(9042, nameof(RepeatedOrder));

    /// <summary>Gets the id of the line that says where a run stood when an exception was thrown.</summary>
    public static EventId StepFailed { get; } = new(9060, nameof(StepFailed));

    /// <summary>Gets the id of the warning about parameters that only the model, or only its optimizers, have.</summary>
    public static EventId ParametersApart { get; } = new(9061, nameof(ParametersApart));

    /// <summary>Gets the id of the line that says that there is no optimizer.</summary>
    public static EventId NoOptimizer { get; } = new(9062, nameof(NoOptimizer));

    /// <summary>Gets the id of the warning that no parameter has changed.</summary>
    public static EventId NothingTrained { get; } = new(9063, nameof(NothingTrained));

    /// <summary>Gets the id of the warning about single parameters that should have changed and have not.</summary>
    public static EventId ParametersUnmoved { get; } = new(9064, nameof(ParametersUnmoved));

    /// <summary>Gets the id of the warning about a metric that keeps more or other items than one per sample.</summary>
    public static EventId MetricItems { get; } = new(9070, nameof(MetricItems));

    /// <summary>Gets the id of the lines at the start of a legacy runner's training on the engine: its hooks, and who updates the weights.</summary>
    public static EventId LegacyRunnerOnEngine { get; } = new(9080, nameof(LegacyRunnerOnEngine));

    /// <summary>Gets the id of the line about points of a validation at which a legacy hook on a native runner is not called.</summary>
    public static EventId ValidationPointsLeftOut { get; } = new(9090, nameof(ValidationPointsLeftOut));

    /// <summary>Gets the id of the warning that a legacy runner by iteration averages the values of a validation into the lines of the training.</summary>
    public static EventId ValInTrainLines { get; } = new(9110, nameof(ValInTrainLines));

    /// <summary>Gets the id of the warning that a schedule counts epochs with a legacy runner that has none.</summary>
    public static EventId ScheduleWithoutEpochs { get; } = new(9111, nameof(ScheduleWithoutEpochs));

    /// <summary>Gets the id of the warning about settings of a loss scaler that no training wants.</summary>
    public static EventId OddLossScale { get; } = new(9130, nameof(OddLossScale));

    /// <summary>Gets the id of the warning that a resumed legacy training counts its last window of accumulated gradients from where it was resumed.</summary>
    public static EventId RemainderAfterResume { get; } = new(9131, nameof(RemainderAfterResume));

    /// <summary>Gets the id of the warning that a legacy hook with half precision finds no module that can be switched to it.</summary>
    public static EventId NothingToSwitch { get; } = new(9132, nameof(NothingToSwitch));

    /// <summary>Gets the id of the warning that a legacy hook that accumulates gradients does not look for anomalous parameters.</summary>
    public static EventId AnomalousParamsNotSought { get; } = new(9133, nameof(AnomalousParamsNotSought));

    /// <summary>Gets the id of the line that says to which precision is cast, where the options leave it open.</summary>
    public static EventId AmpPrecision { get; } = new(9140, nameof(AmpPrecision));

    /// <summary>Gets the id of the line about the last window of accumulation of wrappers in a dictionary.</summary>
    public static EventId WindowsInDictionary { get; } = new(9141, nameof(WindowsInDictionary));

    /// <summary>Gets the id of the warning that a state has nothing for one of several optimizers.</summary>
    public static EventId OptimizerStateMissing { get; } = new(9142, nameof(OptimizerStateMissing));

    /// <summary>Gets the id of the warning that an optimizer's state remembers nothing of any parameter.</summary>
    public static EventId ForgetfulState { get; } = new(9150, nameof(ForgetfulState));

    /// <summary>Tells whether a line is one of ours.</summary>
    /// <param name="id">The line's event id.</param>
    /// <returns>Whether the originals have no such line.</returns>
    public static bool IsOurs(EventId id) => id.Id is >= First and <= Last;

    /// <summary>Writes a line of ours.</summary>
    /// <param name="logger">Where it goes.</param>
    /// <param name="level">How serious it is.</param>
    /// <param name="id">Which line it is.</param>
    /// <param name="text">The line.</param>
    public static void Write(ILogger logger, LogLevel level, EventId id, string text)
    {
        ArgumentNullException.ThrowIfNull(logger);
        logger.Log(level, id, text, null, static (line, _) => line);
    }
}
