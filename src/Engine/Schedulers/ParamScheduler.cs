using Compat.Engine.Evaluation;
using Compat.Engine.Optim;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Changes an option of the parameter groups step by step, starting from whatever it is now.</summary>
/// <remarks>
/// <para>Schedules multiply the current value rather than set it, so several of them compose. Active steps are those with
/// <c>begin ≤ step &lt; end</c>; a schedule counts only these. <see cref="ParamSchedulerOptions.Build(IReadOnlyList{OptimizerGroup})"/> makes the first step.</para>
/// <para>A derived schedule overrides <see cref="Next"/>. One that looks at a metric overrides <see cref="Step()"/>, to count only,
/// <see cref="Step(IReadOnlyDictionary{string, MetricValue})"/>, and <see cref="FirstStep"/>. Source: MMEngine <c>_ParamScheduler</c>.</para>
/// </remarks>
public abstract class ParamScheduler
{
    /// <summary>The <see cref="End"/> of a schedule without end, as MMEngine writes it.</summary>
    public const int Unlimited = 1_000_000_000;

    private readonly IReadOnlyList<OptimizerGroup> groups;
    private double[] initial = [];
    private double[] afterStep = [];

    /// <summary>Finds the option in each group.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="options">What is scheduled and when.</param>
    /// <exception cref="ArgumentException">A group lacks the option.</exception>
    protected ParamScheduler(IReadOnlyList<OptimizerGroup> groups, ParamSchedulerOptions options)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(options);
        this.groups = groups;
        Values = [.. groups.Select(options.Option.In)];
        Option = options.Option;
        Unit = options.Unit;
        Begin = options.Begin;
        End = options.End ?? Unlimited;
    }

    /// <summary>Gets which option is changed.</summary>
    public OptimizerOption Option { get; }

    /// <summary>Gets what a step is.</summary>
    public ScheduleUnit Unit { get; private set; }

    /// <summary>Gets the first step at which the schedule is active.</summary>
    public int Begin { get; private set; }

    /// <summary>Gets the step at which the schedule stops being active; <see cref="Unlimited"/> for never.</summary>
    public int End { get; private set; }

    /// <summary>Gets the number of steps so far, less the first one; -1 before that.</summary>
    public int GlobalStep { get; protected set; } = -1;

    /// <summary>Gets the number of the last active step; -1 before the first.</summary>
    public int LastStep { get; protected set; } = -1;

    /// <summary>Gets the name of the optimizer that is scheduled, where there are several.</summary>
    public string? Optimizer { get; internal set; }

    /// <summary>Gets the wrapper whose groups are scheduled.</summary>
    /// <value><see langword="null"/> if the schedule was built for groups alone.</value>
    public BaseOptimWrapper? Wrapper { get; internal set; }

    /// <summary>Gets the option in each group.</summary>
    protected IReadOnlyList<OptimizerValue> Values { get; }

    /// <summary>Gets whether the present step is an active one.</summary>
    protected bool IsActive => Begin <= GlobalStep && GlobalStep < End;

    /// <summary>Goes one step on and, if active, changes the values.</summary>
    public virtual void Step()
    {
        GlobalStep++;
        if (IsActive)
        {
            LastStep++;
            for (int i = 0; i < Values.Count; i++)
            {
                Values[i].Current = Next(new GroupValue(Values[i].Current, initial[i], i));
            }
        }

        RememberValues();
    }

    /// <summary>Looks at the metrics of a validation. Called after each one, for schedules by epoch; does nothing unless overridden.</summary>
    /// <param name="metrics">The metrics by name.</param>
    public virtual void Step(IReadOnlyDictionary<string, MetricValue> metrics)
    {
    }

    /// <summary>Gives the state as MMEngine's <c>state_dict</c>, which Python's schedulers load.</summary>
    /// <returns>
    /// The settings, the initial values, the counts, and the values after this schedule's own last step, which others may have changed since. The present
    /// values belong to the optimizer's state.
    /// </returns>
    public PthDict SaveState()
    {
        PthDict state = [];
        if (Option == OptimizerOption.Momentum)
        {
            state["use_betas"] = groups.Count > 0 && groups[0].SaveSettings().TryGetValue("betas", out _);
        }

        SaveSettings(state);
        state["param_name"] = Option.Name;
        state["begin"] = Begin;
        state["end"] = End;
        state["by_epoch"] = Unit == ScheduleUnit.Epoch;
        state["base_values"] = new PthSequence(PthSequenceKind.List, initial.Select(PthValue.FromDouble));
        state["last_step"] = LastStep;
        state["_global_step"] = GlobalStep;
        state["verbose"] = false;
        state["_last_value"] = new PthSequence(PthSequenceKind.List, afterStep.Select(PthValue.FromDouble));
        return state;
    }

    /// <summary>Takes over a state of ours or of MMEngine's. Its settings win over those that the schedule was built with, as there.</summary>
    /// <param name="state">The state. Borrowed.</param>
    /// <exception cref="PthException">The state does not fit; the schedule is as it was.</exception>
    public void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        SchedulerState read = new(state);
        string option = read.Text("param_name");
        if (option != Option.Name)
        {
            throw new PthException(
                $"The state is that of a schedule of '{option}', but this one changes '{Option}'. Load the schedules in the order in which they were saved.");
        }

        (int begin, int end, int last, int global) = (read.Int("begin"), read.Int("end"), read.Int("last_step", min: -1), read.Int("_global_step", min: -1));
        if (end <= begin)
        {
            throw new PthException(
                $"The state of the schedule of '{Option}' has {begin} under 'begin' and {end} under 'end'; 'end' must be above 'begin'. The file is damaged; take an older one.");
        }

        bool byEpoch = read.Flag("by_epoch");
        double[] values = NumberPerGroup(read, "base_values", "initial values");
        double[] present = NumberPerGroup(read, "_last_value", "last values");
        LoadSettings(state);
        (Begin, End, LastStep, GlobalStep, initial, afterStep) = (begin, end, last, global, values, present);
        Unit = byEpoch ? ScheduleUnit.Epoch : Unit == ScheduleUnit.Update ? ScheduleUnit.Update : ScheduleUnit.Iteration;
    }

    /// <summary>Remembers the initial values, and makes the first step. After the constructor, so that nothing virtual runs in there.</summary>
    internal void Start()
    {
        initial = [.. Values.Select(value => value.Initial ??= value.Current)];
        FirstStep();
        RememberValues();
    }

    /// <summary>Makes the step that every schedule makes when it is built. The default is <see cref="Step()"/>; a schedule that waits for a metric only counts.</summary>
    protected virtual void FirstStep() => Step();

    /// <summary>Keeps the present values for <see cref="SaveState"/>. <see cref="Step()"/> does it; an override that does not call the base method does it at its end.</summary>
    protected void RememberValues() => afterStep = [.. Values.Select(value => value.Current)];

    /// <summary>Computes a group's value at <see cref="LastStep"/> from the one before.</summary>
    /// <param name="value">The present value and the initial one.</param>
    /// <returns>The next value.</returns>
    protected abstract double Next(in GroupValue value);

    /// <summary>Adds the schedule's own settings and counts to its state, by MMEngine's names. The default has none.</summary>
    /// <param name="state">The state so far.</param>
    protected virtual void SaveSettings(PthDict state)
    {
    }

    /// <summary>Takes over what <see cref="SaveSettings"/> added. Everything is to be checked before anything is changed.</summary>
    /// <param name="state">The whole state. Borrowed.</param>
    /// <exception cref="PthException">It does not fit.</exception>
    protected virtual void LoadSettings(PthDict state)
    {
    }

    private double[] NumberPerGroup(SchedulerState state, string name, string words)
    {
        double[] numbers = state.Numbers(name);
        return numbers.Length == initial.Length
            ? numbers
            : throw new PthException(
                $"The state of the schedule of '{Option}' has {numbers.Length} {words}, but there are {initial.Length} groups. Build the optimizer with "
                + "the groups that it was saved with.");
    }
}
