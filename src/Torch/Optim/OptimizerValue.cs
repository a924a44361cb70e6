namespace Compat.Torch.Optim;

/// <summary>One option of one group: what it is now, and what schedules start from.</summary>
public sealed class OptimizerValue
{
    private readonly OptimizerGroup group;
    private readonly Func<double> get;
    private readonly Action<double> set;

    internal OptimizerValue(OptimizerGroup group, OptimizerOption option, Func<double> get, Action<double> set)
    {
        this.group = group;
        this.get = get;
        this.set = set;
        Option = option;
    }

    /// <summary>Gets which option it is.</summary>
    public OptimizerOption Option { get; }

    /// <summary>Gets or sets the value that the next update uses.</summary>
    public double Current
    {
        get => get();
        set => set(value);
    }

    /// <summary>Gets or sets the value that schedules start from: <c>initial_</c> and the option's name in a checkpoint.</summary>
    /// <value><see langword="null"/> until a schedule has set it.</value>
    public double? Initial
    {
        get => group.InitialOf(Option.Name);
        set => group.SetInitial(Option.Name, value);
    }
}
